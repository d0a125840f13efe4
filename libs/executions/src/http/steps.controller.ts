import type { ExecutionSid, FlowSid, Meta, StepSid } from '@atelier/contracts';
import { CallerMeta, type PageQuery, Paged, PublicUrl, SidParam, listAnswer, pageOf } from '@atelier/rest-kit';
import { Controller, Get, Inject, type Type } from '@nestjs/common';
import type { StepView } from '../store/execution-reader.port';
import { type ExecutionApi, ENGAGEMENTS, type Owner, V1, V2, presenterOf } from './execution-api';
import { ExecutionDoor } from './execution-door';
import { type StepPlace, stepPlace } from './execution-forms';

/** What an execution did and knows, under one of its three names. */
const stepsController = (api: ExecutionApi): Type => {
  @Controller(`${api.path}/:sid`)
  class StepsController {
    constructor(@Inject(ExecutionDoor) private readonly door: ExecutionDoor) {}

    @Get('Context')
    async context(@SidParam('flow', 'FW') flow: FlowSid, @SidParam('sid', 'FN') sid: ExecutionSid, @CallerMeta() meta: Meta, @PublicUrl() publicUrl: string): Promise<object> {
      const owner = ownerOf(meta, flow, sid);
      return presenterOf(api, publicUrl).context(owner, await this.door.context(owner));
    }

    @Get('Steps')
    async steps(
      @SidParam('flow', 'FW') flow: FlowSid,
      @SidParam('sid', 'FN') sid: ExecutionSid,
      @Paged(stepPlace) query: PageQuery<StepPlace>,
      @CallerMeta() meta: Meta,
    ): Promise<object> {
      const owner = ownerOf(meta, flow, sid);
      const page = await pageOf(
        query,
        (step: StepView): StepPlace => [step.number],
        ({ cursor, backwards, limit }) => this.door.steps(owner, { limit, ...(cursor && { [backwards ? 'after' : 'before']: cursor[0] }) }),
      );
      return listAnswer(query, page, 'steps', (step) => presenterOf(api, query.publicUrl).step(owner, step));
    }

    @Get('Steps/:step')
    async step(
      @SidParam('flow', 'FW') flow: FlowSid,
      @SidParam('sid', 'FN') sid: ExecutionSid,
      @SidParam('step', 'FT') step: StepSid,
      @CallerMeta() meta: Meta,
      @PublicUrl() publicUrl: string,
    ): Promise<object> {
      const owner = ownerOf(meta, flow, sid);
      return presenterOf(api, publicUrl).step(owner, await this.door.step(owner, step));
    }

    @Get('Steps/:step/Context')
    async stepContext(
      @SidParam('flow', 'FW') flow: FlowSid,
      @SidParam('sid', 'FN') sid: ExecutionSid,
      @SidParam('step', 'FT') step: StepSid,
      @CallerMeta() meta: Meta,
      @PublicUrl() publicUrl: string,
    ): Promise<object> {
      const owner = ownerOf(meta, flow, sid);
      return presenterOf(api, publicUrl).stepContext(owner, step, await this.door.stepContext(owner, step));
    }
  }
  return StepsController;
};

export const STEP_CONTROLLERS: readonly Type[] = [V2, V1, ENGAGEMENTS].map(stepsController);

const ownerOf = ({ accountSid }: Meta, flow: FlowSid, execution: ExecutionSid): Owner => ({ account: accountSid, flow, execution });
