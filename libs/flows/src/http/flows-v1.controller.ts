import type { FlowSid, Meta } from '@atelier/contracts';
import { CallerMeta, type PageQuery, Paged, PublicUrl, SidParam, listAnswer, placeByTime } from '@atelier/rest-kit';
import { Controller, Delete, Get, HttpCode, Inject } from '@nestjs/common';
import type { FlowPlace } from '../flow-tables';
import { FLOWS_CORE, type FlowsCore } from '../flows-core';
import { presentFlowV1 } from './flow-presenter';
import { IfMatch } from './if-match';

/** For old clients: flows cannot be written here. */
@Controller('v1/Flows')
export class FlowsV1Controller {
  constructor(@Inject(FLOWS_CORE) private readonly core: FlowsCore) {}

  @Get()
  async list(@Paged(placeByTime) query: PageQuery<FlowPlace>, @CallerMeta() meta: Meta): Promise<object> {
    const page = await this.core.tables.flows(meta.accountSid, query);
    return listAnswer(query, page, 'flows', (row) => presentFlowV1(row, query.publicUrl));
  }

  @Get(':sid')
  async fetch(@SidParam('sid', 'FW') sid: FlowSid, @CallerMeta() meta: Meta, @PublicUrl() publicUrl: string): Promise<object> {
    return presentFlowV1(await this.core.tables.flow(meta.accountSid, sid), publicUrl);
  }

  @Delete(':sid')
  @HttpCode(204)
  remove(@SidParam('sid', 'FW') sid: FlowSid, @IfMatch() expected: number | undefined, @CallerMeta() meta: Meta): Promise<void> {
    return this.core.service.delete(sid, expected, meta);
  }
}
