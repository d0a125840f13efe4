import type { FlowSid, Meta } from '@atelier/contracts';
import { CallerMeta, Form, type PageQuery, Paged, PublicUrl, SidParam, listAnswer, placeByTime } from '@atelier/rest-kit';
import { Controller, Delete, Get, HttpCode, Inject, Post } from '@nestjs/common';
import type { z } from 'zod';
import type { FlowPlace } from '../flow-tables';
import { FLOWS_CORE, type FlowsCore } from '../flows-core';
import { createForm, updateForm } from './flow-forms';
import { presentFlow, presentListedFlow } from './flow-presenter';
import { IfMatch } from './if-match';

@Controller('v2/Flows')
export class FlowsController {
  constructor(@Inject(FLOWS_CORE) private readonly core: FlowsCore) {}

  @Post()
  @HttpCode(201)
  async create(@Form(createForm) form: z.infer<typeof createForm>, @CallerMeta() meta: Meta, @PublicUrl() publicUrl: string): Promise<object> {
    const { sid, revision } = await this.core.service.create(flowOf(form), meta);
    return presentFlow(await this.core.tables.flow(meta.accountSid, sid, revision), publicUrl);
  }

  @Get()
  async list(@Paged(placeByTime) query: PageQuery<FlowPlace>, @CallerMeta() meta: Meta): Promise<object> {
    const page = await this.core.tables.flows(meta.accountSid, query);
    return listAnswer(query, page, 'flows', (row) => presentListedFlow(row, query.publicUrl));
  }

  // Stands before `:sid`, so that Validate is not taken for an identifier.
  @Post('Validate')
  @HttpCode(200)
  async validate(@Form(createForm) form: z.infer<typeof createForm>, @CallerMeta() meta: Meta): Promise<object> {
    await this.core.service.validate(flowOf(form), meta);
    return { valid: true };
  }

  @Get(':sid')
  async fetch(@SidParam('sid', 'FW') sid: FlowSid, @CallerMeta() meta: Meta, @PublicUrl() publicUrl: string): Promise<object> {
    return presentFlow(await this.core.tables.flow(meta.accountSid, sid), publicUrl);
  }

  @Post(':sid')
  @HttpCode(200)
  async update(
    @SidParam('sid', 'FW') sid: FlowSid,
    @Form(updateForm) form: z.infer<typeof updateForm>,
    @IfMatch() expected: number | undefined,
    @CallerMeta() meta: Meta,
    @PublicUrl() publicUrl: string,
  ): Promise<object> {
    const { revision } = await this.core.service.update(sid, flowOf(form), expected, meta);
    return presentFlow(await this.core.tables.flow(meta.accountSid, sid, revision), publicUrl);
  }

  @Delete(':sid')
  @HttpCode(204)
  remove(@SidParam('sid', 'FW') sid: FlowSid, @IfMatch() expected: number | undefined, @CallerMeta() meta: Meta): Promise<void> {
    return this.core.service.delete(sid, expected, meta);
  }
}

type FlowForm = { readonly FriendlyName?: string | undefined; readonly Definition?: string | undefined; readonly Status: 'draft' | 'published'; readonly CommitMessage?: string | undefined };

/** The form's names → ours. */
export const flowOf = <F extends FlowForm>(form: F) => ({
  friendlyName: form.FriendlyName as F['FriendlyName'], // the compiler widens what it reads of a generic
  definition: form.Definition as F['Definition'],
  status: form.Status,
  commitMessage: form.CommitMessage,
});
