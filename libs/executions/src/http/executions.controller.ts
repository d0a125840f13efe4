import { type ExecutionSid, type FlowSid, type Meta, Rejection } from '@atelier/contracts';
import { CallerMeta, Form, type Page, type PageQuery, Paged, PublicUrl, Query, SidParam, listAnswer, pageOf } from '@atelier/rest-kit';
import { Controller, Delete, Get, HttpCode, Inject, Post, type Type } from '@nestjs/common';
import type { z } from 'zod';
import type { ExecutionView } from '../store/execution-reader.port';
import { type ExecutionApi, ENGAGEMENTS, V1, V2, presenterOf } from './execution-api';
import { ExecutionDoor } from './execution-door';
import { type ExecutionPlace, createForm, dateFilters, endForm, executionPlace, listFilters } from './execution-forms';

/** Executions under one of their three names. */
const executionsController = (api: ExecutionApi): Type => {
  @Controller(api.path)
  class ExecutionsController {
    constructor(@Inject(ExecutionDoor) private readonly door: ExecutionDoor) {}

    @Post()
    @HttpCode(api.createStatus)
    async create(
      @SidParam('flow', 'FW') flow: FlowSid,
      @Form(createForm) form: z.infer<typeof createForm>,
      @CallerMeta() meta: Meta,
      @PublicUrl() publicUrl: string,
    ): Promise<object> {
      const result = await this.door.create(flow, { to: form.To, from: form.From, parameters: form.Parameters ?? {} }, meta);
      if ('created' in result) return presenterOf(api, publicUrl).execution(result.created);
      if (api.version === 2) throw activeExecution(result.conflict);
      return presenterOf(api, publicUrl).execution(await this.door.fetch(meta.accountSid, flow, result.conflict));
    }

    @Get()
    async list(
      @SidParam('flow', 'FW') flow: FlowSid,
      @Paged(executionPlace) query: PageQuery<ExecutionPlace>,
      @Query(api.version === 2 ? listFilters : dateFilters) filters: Filters,
      @CallerMeta() meta: Meta,
    ): Promise<object> {
      const page = await pageOfExecutions(this.door, { flow, query, filters, meta });
      return listAnswer(query, page, api.plural, presenterOf(api, query.publicUrl).execution);
    }

    @Get(':sid')
    async fetch(
      @SidParam('flow', 'FW') flow: FlowSid,
      @SidParam('sid', 'FN') sid: ExecutionSid,
      @CallerMeta() meta: Meta,
      @PublicUrl() publicUrl: string,
    ): Promise<object> {
      return presenterOf(api, publicUrl).execution(await this.door.fetch(meta.accountSid, flow, sid));
    }

    @Delete(':sid')
    @HttpCode(204)
    remove(@SidParam('flow', 'FW') flow: FlowSid, @SidParam('sid', 'FN') sid: ExecutionSid, @CallerMeta() meta: Meta): Promise<void> {
      return this.door.remove(meta.accountSid, flow, sid);
    }
  }
  return ExecutionsController;
};

/** The one verb that Engagements lack. */
const endController = (api: ExecutionApi): Type => {
  @Controller(api.path)
  class EndController {
    constructor(@Inject(ExecutionDoor) private readonly door: ExecutionDoor) {}

    @Post(':sid')
    @HttpCode(200)
    async end(
      @SidParam('flow', 'FW') flow: FlowSid,
      @SidParam('sid', 'FN') sid: ExecutionSid,
      @Form(endForm) _form: z.infer<typeof endForm>,
      @CallerMeta() meta: Meta,
      @PublicUrl() publicUrl: string,
    ): Promise<object> {
      return presenterOf(api, publicUrl).execution(await this.door.end(meta.accountSid, flow, sid));
    }
  }
  return EndController;
};

export const EXECUTION_CONTROLLERS: readonly Type[] = [...[V2, V1, ENGAGEMENTS].map(executionsController), ...[V2, V1].map(endController)];

type Filters = z.infer<typeof dateFilters> & Partial<z.infer<typeof listFilters>>;

const pageOfExecutions = (
  door: ExecutionDoor,
  { flow, query, filters, meta }: { flow: FlowSid; query: PageQuery<ExecutionPlace>; filters: Filters; meta: Meta },
): Promise<Page<ExecutionView>> =>
  pageOf(
    query,
    (view): ExecutionPlace => [view.sid],
    ({ cursor, backwards, limit }) => {
      const status = filters.status ?? filters.Status;
      const { DateCreatedFrom: from, DateCreatedTo: to } = filters;
      return door.list(meta.accountSid, flow, {
        limit,
        ...(status && { status }),
        ...(from && { createdFromMs: from.getTime() }),
        ...(to && { createdToMs: to.getTime() - 1 }), // exclusive here, inclusive there
        ...(cursor && { [backwards ? 'after' : 'before']: cursor[0] }),
      });
    },
  );

const activeExecution = (sid: ExecutionSid): Rejection =>
  new Rejection('ActiveExecutionExists', {
    message: `Execution ${sid} is already active for this contact. End the active Execution before creating a new one`,
    details: { conflicting_execution_sid: sid },
  });
