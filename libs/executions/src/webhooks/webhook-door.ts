import { type AccountSid, type FlowSid, type JsonObject, Rejection, stepNumberOf } from '@atelier/contracts';
import { newExecutionSid } from '@atelier/platform';
import { RateLimit } from '@atelier/rest-kit';
import { CALLBACK_QUERY } from '../effects/message-send.effect';
import { assertContact } from '../http/execution-door';
import type { ExecutionsHttp } from '../http/executions-http';
import type { CommandResult, InboundMessage, StartRequest } from '../ingress/ingress.port';
import { type Arrived, type Inbound, executionOf, inboundOf, messageData, repetitionKeyOf, sidesOf } from './inbound';
import { RedirectingRevisions } from './redirecting-revisions';

/** A webhook request whose sender is proven. */
export type Delivery = { readonly account: AccountSid; readonly flow: FlowSid; readonly arrived: Arrived; readonly requestSid: string };

/** What the sender reads, and what operators read (a code of `spec/studio.md` 7, or 20404). */
export type WebhookAnswer = { readonly twiml: string; readonly note?: { readonly code: number; readonly message: string } };

const EMPTY = '<Response/>';
const REJECT = '<Response><Reject/></Response>';
const REPLY_MS = 5_000; // a message webhook waits no longer for its TwiML; the execution goes on
const NOT_EXECUTED = 81020;

/** Webhook requests → inputs of executions → TwiML. What it answers is durable: after the commit, and the same to a repetition. */
export class WebhookDoor {
  private readonly limit: RateLimit;
  private readonly redirecting: RedirectingRevisions;

  constructor(private readonly http: Pick<ExecutionsHttp, 'ingress' | 'reader' | 'flows' | 'settings' | 'clock'>) {
    this.limit = new RateLimit(http.settings.inboundPerSecondMax, http.clock);
    this.redirecting = new RedirectingRevisions(http.flows);
  }

  async deliver(delivery: Delivery): Promise<WebhookAnswer> {
    const inbound = inboundOf(delivery.arrived);
    switch (inbound.kind) {
      case 'flow-event':
        return executionOf(delivery.arrived) ? this.eventOfExecution(delivery, inbound) : this.fromContact(delivery, inbound);
      case 'message':
        return this.fromContact(delivery, inbound);
      case 'message-status':
        return this.messageStatus(delivery, inbound);
      case 'call':
        return this.notExecuted(delivery, inbound.isOver ? EMPTY : REJECT, 'Calls are not executed yet');
      case 'conversation':
        return this.notExecuted(delivery, EMPTY, 'Conversations are not executed yet');
      case 'unreadable':
        throw new Rejection('InvalidParameter', { message: 'Expected MessageSid, SmsSid, CallSid, ConversationSid or FlowEvent' });
    }
  }

  /** A message, or an event that its sender's address routes: the owner of the shard decides whether it starts, resumes or is ignored. */
  private async fromContact(delivery: Delivery, inbound: Extract<Inbound, { kind: 'message' | 'flow-event' }>): Promise<WebhookAnswer> {
    const { account, flow, requestSid } = delivery;
    const sides = sidesIn(inbound.parameters);
    assertContact(sides.contact, sides.address, this.http.settings.contactBytesMax);
    const choice = await this.http.flows.choose(account, flow, sides.contact);
    if (choice.kind === 'no-flow') throw new Rejection('NotFound');
    if (choice.kind === 'not-published') return { twiml: EMPTY, note: { code: 20404, message: `Flow ${flow} has no published revision` } };
    await this.admit(delivery, sides);
    const waits = await this.redirecting.has(account, flow, choice.revision);
    const message: InboundMessage = {
      start: this.startOf(delivery, inbound, choice),
      inputKey: repeatable(delivery, inbound) ?? `request:${requestSid}`,
      addresses: sides.addresses,
      parameters: inbound.parameters,
      ...(inbound.kind === 'flow-event' && { event: inbound.event }),
      ...(waits && { replyWithinMs: REPLY_MS }),
    };
    return { twiml: await this.twimlOf(await this.http.ingress.message(message), waits, delivery, sides) };
  }

  private startOf({ account, flow, requestSid }: Delivery, { parameters }: { parameters: JsonObject }, choice: { revision: number; isTestUser: boolean }): StartRequest {
    const { contact, address } = sidesIn(parameters);
    const { MessageSid: messageSid, SmsSid: smsSid } = parameters;
    return {
      execution: newExecutionSid(this.http.clock.nowMs()),
      account,
      flow,
      revision: choice.revision,
      isTestUser: choice.isTestUser,
      trigger: { event: 'incomingMessage', data: messageData(parameters), contact, address, initiatedBy: String(messageSid ?? smsSid ?? requestSid) },
    };
  }

  /** An event for the execution that the URL names. */
  private async eventOfExecution(delivery: Delivery, { event, parameters }: Extract<Inbound, { kind: 'flow-event' }>): Promise<WebhookAnswer> {
    const { account, arrived } = delivery;
    const execution = executionOf(arrived);
    const inputKey = repeatable(delivery, { kind: 'flow-event', event, parameters });
    if (!execution) throw new Rejection('NotFound');
    const input = { type: 'FlowEvent', event, parameters } as const;
    const result = await this.http.ingress.command({ account, execution, input, ...(inputKey !== undefined && { inputKey }), replyWithinMs: REPLY_MS });
    if (result.kind === 'unknown') throw new Rejection('NotFound');
    return { twiml: result.reply?.twiml ?? EMPTY };
  }

  /** Whose message it was stands in the URL that we gave; without it there is nothing to do. */
  private async messageStatus(delivery: Delivery, { messageSid, status, parameters }: Extract<Inbound, { kind: 'message-status' }>): Promise<WebhookAnswer> {
    const { account, arrived } = delivery;
    const execution = executionOf(arrived);
    const inputKey = repeatable(delivery, { kind: 'message-status', messageSid, status, parameters });
    if (execution) {
      const step = stepNumberOf(execution, String(parameters[CALLBACK_QUERY.step]));
      const input = { type: 'MessageStatus', messageSid, status, parameters, ...(step !== undefined && { step }) } as const;
      await this.http.ingress.command({ account, execution, input, ...(inputKey !== undefined && { inputKey }) });
    }
    return { twiml: EMPTY };
  }

  private async notExecuted({ account, flow }: Delivery, twiml: string, message: string): Promise<WebhookAnswer> {
    if ((await this.http.flows.choose(account, flow, '')).kind === 'no-flow') throw new Rejection('NotFound');
    return { twiml, note: { code: NOT_EXECUTED, message } };
  }

  // Only what would start an execution counts against the limit.
  private async admit({ account, flow }: Delivery, { contact, addresses }: Sides): Promise<void> {
    if (this.http.settings.inboundPerSecondMax === 0) return;
    if ((await this.http.reader.active(account, flow, contact, addresses)) === undefined) this.limit.take(account);
  }

  private async twimlOf(result: CommandResult, waits: boolean, { account, flow }: Delivery, { contact, addresses }: Sides): Promise<string> {
    if (!waits) return EMPTY;
    if (result.kind === 'repeated') return (await this.http.reader.twiml(account, flow, contact, addresses)) ?? EMPTY;
    return result.reply?.twiml ?? EMPTY;
  }
}

/** For each flow its own: a redirect hands the same message to the next flow, and back. */
const repeatable = ({ flow, arrived }: Delivery, inbound: Inbound): string | undefined => {
  const key = repetitionKeyOf(inbound, arrived);
  return key === undefined ? undefined : `${flow}:${key}`;
};

type Sides = NonNullable<ReturnType<typeof sidesOf>>;

const sidesIn = (parameters: JsonObject): Sides => {
  const sides = sidesOf(parameters);
  if (!sides) throw new Rejection('InvalidParameter', { message: 'Missing required parameter From or To' });
  return sides;
};
