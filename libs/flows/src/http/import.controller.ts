import type { Meta } from '@atelier/contracts';
import { CallerMeta, Form, PublicUrl } from '@atelier/rest-kit';
import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import type { z } from 'zod';
import { FLOWS_CORE, type FlowsCore } from '../flows-core';
import { importForm } from './flow-forms';
import { presentFlow } from './flow-presenter';
import { flowOf } from './flows.controller';

/** The door for definitions as people have them (`spec/atelier.md` 5). */
@Controller('atelier/v1/Flows/Import')
export class ImportController {
  constructor(@Inject(FLOWS_CORE) private readonly core: FlowsCore) {}

  @Post()
  @HttpCode(201)
  async import(@Form(importForm) form: z.infer<typeof importForm>, @CallerMeta() meta: Meta, @PublicUrl() publicUrl: string): Promise<object> {
    const { FlowSid: flowSid, Coerce: coerce, DanglingNext: danglingNext } = form;
    const { sid, revision } = await this.core.service.import({ ...flowOf(form), flowSid, coerce, danglingNext }, meta);
    return presentFlow(await this.core.tables.flow(meta.accountSid, sid, revision), publicUrl);
  }
}
