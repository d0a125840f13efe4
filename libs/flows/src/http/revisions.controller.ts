import { type FlowSid, type Meta, type RevisionName, Rejection } from '@atelier/contracts';
import { CallerMeta, type PageQuery, Paged, PublicUrl, SidParam, listAnswer } from '@atelier/rest-kit';
import { Controller, Get, Inject, Param } from '@nestjs/common';
import { z } from 'zod';
import { FLOWS_CORE, type FlowsCore } from '../flows-core';
import { presentListedRevision, presentRevision } from './flow-presenter';

@Controller('v2/Flows/:sid/Revisions')
export class RevisionsController {
  constructor(@Inject(FLOWS_CORE) private readonly core: FlowsCore) {}

  @Get()
  async list(@SidParam('sid', 'FW') sid: FlowSid, @Paged(z.tuple([z.int32()])) query: PageQuery<readonly [number]>, @CallerMeta() meta: Meta): Promise<object> {
    const page = await this.core.tables.revisions(meta.accountSid, sid, query);
    return listAnswer(query, page, 'revisions', (row) => presentListedRevision(row, query.publicUrl));
  }

  @Get(':revision')
  async fetch(
    @SidParam('sid', 'FW') sid: FlowSid,
    @Param('revision') revision: string,
    @CallerMeta() meta: Meta,
    @PublicUrl() publicUrl: string,
  ): Promise<object> {
    return presentRevision(await this.core.tables.revision(meta.accountSid, sid, revisionNamed(revision)), publicUrl);
  }
}

const revisionNamed = (text: string): RevisionName => {
  if (text === 'LatestPublished' || text === 'LatestRevision') return text;
  if (!/^\d+$/.test(text)) throw new Rejection('InvalidRevision');
  return Math.min(Number(text), 2 ** 31 - 1); // beyond the column no revision exists
};
