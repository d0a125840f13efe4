import type { FlowSid, Meta } from '@atelier/contracts';
import { CallerMeta, Form, PublicUrl, SidParam } from '@atelier/rest-kit';
import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import type { z } from 'zod';
import { FLOWS_CORE, type FlowsCore } from '../flows-core';
import { testUsersForm } from './flow-forms';
import { presentTestUsers } from './flow-presenter';

@Controller('v2/Flows/:sid/TestUsers')
export class TestUsersController {
  constructor(@Inject(FLOWS_CORE) private readonly core: FlowsCore) {}

  @Get()
  async fetch(@SidParam('sid', 'FW') sid: FlowSid, @CallerMeta() meta: Meta, @PublicUrl() publicUrl: string): Promise<object> {
    return presentTestUsers(sid, await this.core.tables.testUsers(meta.accountSid, sid), publicUrl);
  }

  // Unspecified by Twilio: 200, as other updates.
  @Post()
  @HttpCode(200)
  async replace(
    @SidParam('sid', 'FW') sid: FlowSid,
    @Form(testUsersForm) form: z.infer<typeof testUsersForm>,
    @CallerMeta() meta: Meta,
    @PublicUrl() publicUrl: string,
  ): Promise<object> {
    await this.core.service.replaceTestUsers(sid, form.TestUsers, meta);
    return presentTestUsers(sid, await this.core.tables.testUsers(meta.accountSid, sid), publicUrl);
  }
}
