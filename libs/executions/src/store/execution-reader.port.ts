import type { AccountSid, ExecutionSid, FlowSid, JsonObject, StepSid } from '@atelier/contracts';
import type { EndedReason } from '@atelier/engine';

/** One execution as REST shows it. Deleted ones, and those started more than 30 days ago, do not exist. */
export type ExecutionView = {
  readonly sid: ExecutionSid;
  readonly account: AccountSid;
  readonly flow: FlowSid;
  readonly contact: string;
  readonly address: string;
  readonly revision: number;
  readonly initiatedBy: string;
  readonly status: 'active' | 'ended';
  readonly endedReason?: EndedReason;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/** One step, seen at its exit (`spec/studio.md` 11). */
export type StepView = {
  readonly sid: StepSid;
  readonly number: number;
  readonly parentStepSid?: StepSid;
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

export type ExecutionQuery = {
  readonly status?: 'active' | 'ended';
  /** Both inclusive. */
  readonly createdFromMs?: number;
  readonly createdToMs?: number;
  readonly limit: number;
  /** The next page: executions that started before this one (newest first). */
  readonly before?: ExecutionSid;
  /** The previous page: executions that started after this one, the nearest first (oldest first). Never together with `before`. */
  readonly after?: ExecutionSid;
};

/** Rows and folded logs for REST: reads your writes, also between the acceptance of a start and its first batch. */
export interface ExecutionReader {
  fetch(account: AccountSid, flow: FlowSid, execution: ExecutionSid): Promise<ExecutionView | undefined>;
  /** Newest first. */
  list(account: AccountSid, flow: FlowSid, query: ExecutionQuery): Promise<readonly ExecutionView[]>;
  context(account: AccountSid, flow: FlowSid, execution: ExecutionSid): Promise<JsonObject | undefined>;
  /** Newest first; `before`: step numbers below this one; `after`: above it, the nearest (lowest) first. */
  steps(account: AccountSid, flow: FlowSid, execution: ExecutionSid, page: { readonly limit: number; readonly before?: number; readonly after?: number }): Promise<readonly StepView[] | undefined>;
  step(account: AccountSid, flow: FlowSid, execution: ExecutionSid, step: StepSid): Promise<StepView | undefined>;
  /** The context after that step. */
  stepContext(account: AccountSid, flow: FlowSid, execution: ExecutionSid, step: StepSid): Promise<JsonObject | undefined>;
  /** The answer that a repeated webhook of this contact gets: the TwiML of what its active execution waits with. */
  twiml(account: AccountSid, flow: FlowSid, contact: string, addresses: readonly string[]): Promise<string | undefined>;
  /** The execution that holds one of these claims, if any: inputs of its contact start no new one. */
  active(account: AccountSid, flow: FlowSid, contact: string, addresses: readonly string[]): Promise<ExecutionSid | undefined>;
}
