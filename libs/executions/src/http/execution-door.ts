import { type AccountSid, type ExecutionSid, type FlowSid, type JsonObject, type Meta, type StepSid, Fault, Rejection, utf8Bytes } from '@atelier/contracts';
import { newExecutionSid } from '@atelier/platform';
import { RateLimit } from '@atelier/rest-kit';
import type { StartRequest } from '../ingress/ingress.port';
import type { ExecutionQuery, ExecutionView, StepView } from '../store/execution-reader.port';
import type { Owner } from './execution-api';
import type { ExecutionsHttp } from './executions-http';

const REPLY_MS = 5_000; // an end or a delete is decided by the shard's owner; a repeat after 503 is harmless

export type CreateRequest = { readonly to: string; readonly from: string; readonly parameters: JsonObject };

/** Requests of REST clients → commands and rows. What does not exist, or is another account's, is a NotFound. */
export class ExecutionDoor {
  private readonly limit: RateLimit;

  constructor(private readonly http: Pick<ExecutionsHttp, 'ingress' | 'reader' | 'flows' | 'settings' | 'clock'>) {
    this.limit = new RateLimit(http.settings.restPerSecondMax, http.clock);
  }

  /** The new execution, or the SID of the one that is active for this contact. */
  async create(flow: FlowSid, request: CreateRequest, meta: Meta): Promise<{ created: ExecutionView } | { conflict: ExecutionSid }> {
    assertContact(request.to, request.from, this.http.settings.contactBytesMax);
    this.limit.take(meta.accountSid);
    const start = await this.startOf(flow, request, meta);
    const { kind, execution } = await this.http.ingress.create(start);
    return kind === 'conflict' ? { conflict: execution } : { created: startedView(start) };
  }

  async fetch(account: AccountSid, flow: FlowSid, execution: ExecutionSid): Promise<ExecutionView> {
    await this.mustHaveFlow(account, flow);
    return found(await this.http.reader.fetch(account, flow, execution));
  }

  async list(account: AccountSid, flow: FlowSid, query: ExecutionQuery): Promise<readonly ExecutionView[]> {
    await this.mustHaveFlow(account, flow);
    return this.http.reader.list(account, flow, query);
  }

  /** Ends an active execution; 409/20409 where it has ended. */
  async end(account: AccountSid, flow: FlowSid, execution: ExecutionSid): Promise<ExecutionView> {
    const before = await this.fetch(account, flow, execution);
    if (before.status === 'ended' || !(await this.commanded(account, execution, { type: 'End', reason: 'API_REQUEST' })))
      throw new Rejection('Conflict', { message: `Execution ${execution} has already ended` });
    return found(await this.http.reader.fetch(account, flow, execution));
  }

  /** Removes an execution and its steps; an active one ends. */
  async remove(account: AccountSid, flow: FlowSid, execution: ExecutionSid): Promise<void> {
    await this.fetch(account, flow, execution);
    if (!(await this.commanded(account, execution, { type: 'Delete' }))) throw new Rejection('NotFound'); // somebody else was faster
  }

  async context({ account, flow, execution }: Owner): Promise<JsonObject> {
    await this.mustHaveFlow(account, flow);
    return found(await this.http.reader.context(account, flow, execution));
  }

  async steps({ account, flow, execution }: Owner, page: { limit: number; before?: number; after?: number }): Promise<readonly StepView[]> {
    await this.mustHaveFlow(account, flow);
    return found(await this.http.reader.steps(account, flow, execution, page));
  }

  async step({ account, flow, execution }: Owner, step: StepSid): Promise<StepView> {
    await this.mustHaveFlow(account, flow);
    return found(await this.http.reader.step(account, flow, execution, step));
  }

  async stepContext({ account, flow, execution }: Owner, step: StepSid): Promise<JsonObject> {
    await this.mustHaveFlow(account, flow);
    return found(await this.http.reader.stepContext(account, flow, execution, step));
  }

  /** Whether the owner of the shard changed the execution. */
  private async commanded(account: AccountSid, execution: ExecutionSid, input: { type: 'End'; reason: 'API_REQUEST' } | { type: 'Delete' }): Promise<boolean> {
    const { kind, reply } = await this.http.ingress.command({ account, execution, input, replyWithinMs: REPLY_MS });
    if (kind === 'unknown' || reply?.status === 'missing') throw new Rejection('NotFound');
    if (!reply) throw new Fault(`No worker has decided about ${execution} within ${REPLY_MS} ms`);
    return reply.changed;
  }

  private async startOf(flow: FlowSid, { to, from, parameters }: CreateRequest, { accountSid, requestSid }: Meta): Promise<StartRequest> {
    const choice = await this.http.flows.choose(accountSid, flow, to);
    if (choice.kind === 'no-flow') throw new Rejection('NotFound');
    if (choice.kind === 'not-published') throw notPublished(flow);
    return {
      execution: newExecutionSid(this.http.clock.nowMs()),
      account: accountSid,
      flow,
      revision: choice.revision,
      isTestUser: choice.isTestUser,
      trigger: requestTrigger({ to, from, parameters }, requestSid ?? ''),
    };
  }

  // A deleted flow takes its executions with it.
  private async mustHaveFlow(account: AccountSid, flow: FlowSid): Promise<void> {
    if ((await this.http.flows.choose(account, flow, '')).kind === 'no-flow') throw new Rejection('NotFound');
  }
}

/** Throws Studio's 81023 where both sides of a conversation take more than these bytes together. */
export const assertContact = (contact: string, address: string, bytesMax: number): void => {
  if (utf8Bytes(contact) + utf8Bytes(address) > bytesMax) throw new Rejection('ContactTooLong');
};

/** The trigger of executions that are asked for, over REST or by a record. */
export const requestTrigger = ({ to, from, parameters }: CreateRequest, initiatedBy: string): StartRequest['trigger'] => ({
  event: 'incomingRequest',
  data: { to, from, parameters },
  contact: to,
  address: from,
  initiatedBy,
});

/** Unspecified by Twilio: a flow that was never published runs for test users only. */
export const notPublished = (flow: FlowSid): Rejection => new Rejection('InvalidParameter', { message: `Flow ${flow} has no published revision` });

const found = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Rejection('NotFound');
  return value;
};

// The answer to a create needs no read: nothing has happened yet. Its date is the one in its SID.
const startedView = ({ execution, account, flow, revision, trigger }: StartRequest): ExecutionView => {
  const createdAtMs = parseInt(execution.slice(2, 14), 16);
  const { contact, address, initiatedBy } = trigger;
  return { sid: execution, account, flow, contact, address, revision, initiatedBy, status: 'active', createdAtMs, updatedAtMs: createdAtMs };
};
