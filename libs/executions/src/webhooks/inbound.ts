import { type ExecutionSid, type Json, type JsonObject, isSid } from '@atelier/contracts';
import { normalSid } from '@atelier/rest-kit';
import { CALLBACK_QUERY } from '../effects/message-send.effect';
import { jsonObjectOf } from '../http/json-values';

/** A webhook request as it arrived: query and body apart, because where `FlowEvent` stands decides what it is. */
export type Arrived = {
  readonly query: JsonObject;
  readonly body: JsonObject;
  /** `I-Twilio-Idempotency-Token`: the same on every repetition of one request. */
  readonly idempotencyToken: string | undefined;
};

/** What a request to the flow's webhook is, in the order of `spec/atelier.md` 3. `parameters` as posted, without what only we put into the URL. */
export type Inbound =
  | { readonly kind: 'flow-event'; readonly event: string; readonly parameters: JsonObject }
  | { readonly kind: 'conversation'; readonly parameters: JsonObject }
  | { readonly kind: 'message-status'; readonly messageSid: string; readonly status: string; readonly parameters: JsonObject }
  | { readonly kind: 'call'; readonly isOver: boolean; readonly parameters: JsonObject }
  | { readonly kind: 'message'; readonly messageSid: string; readonly parameters: JsonObject }
  | { readonly kind: 'unreadable' };

export const inboundOf = ({ query, body }: Arrived): Inbound => {
  const all = { ...query, ...body };
  const text = (name: string): string | undefined => textOf(all[name]);
  const event = textOf(query['FlowEvent']);
  const parameters = withoutOurs(all);
  const messageSid = text('MessageSid') ?? text('SmsSid');
  const status = text('MessageStatus');
  if (event !== undefined) return { kind: 'flow-event', event, parameters: without(['FlowEvent'], parameters) };
  if (text('EventType') === 'onMessageAdded' && text('ConversationSid')) return { kind: 'conversation', parameters };
  if (status !== undefined && text('MessageSid') !== undefined) return { kind: 'message-status', messageSid: text('MessageSid') ?? '', status, parameters: all };
  if (text('CallSid') !== undefined) return { kind: 'call', isOver: FINAL_CALLS.has(text('CallStatus') ?? ''), parameters };
  return messageSid === undefined ? { kind: 'unreadable' } : { kind: 'message', messageSid, parameters };
};

/** The execution that a URL of ours names. */
export const executionOf = ({ query }: Arrived): ExecutionSid | undefined => {
  const sid = query[CALLBACK_QUERY.execution];
  return isSid('FN', sid) ? normalSid(sid) : undefined;
};

/**
 * The two sides of a conversation. The contact of a messaging service's RCS channel stands without its prefix; there the service is the address,
 * as it is for an execution that was created over REST with a service as `From` (`spec/studio.md` 4.5, 4.6).
 */
export const sidesOf = (parameters: JsonObject): { readonly contact: string; readonly address: string; readonly addresses: readonly string[] } | undefined => {
  const [from, to, service] = ['From', 'To', 'MessagingServiceSid'].map((name) => textOf(parameters[name]));
  if (!from || !to) return undefined;
  const isRcsOfService = service !== undefined && from.startsWith(RCS);
  const addresses = isRcsOfService ? [service, to] : service ? [to, service] : [to];
  return { contact: isRcsOfService ? from.slice(RCS.length) : from, address: isRcsOfService ? service : to, addresses };
};

/** What makes a repetition recognisable. Twilio repeats a request with the same token; a message is one whatever the token. */
export const repetitionKeyOf = (inbound: Inbound, { idempotencyToken }: Arrived): string | undefined => {
  if (inbound.kind === 'message') return `message:${inbound.messageSid}`;
  if (idempotencyToken !== undefined) return `token:${idempotencyToken}`;
  if (inbound.kind === 'flow-event') {
    const sid = textOf(inbound.parameters['CallSid']) ?? textOf(inbound.parameters['MessageSid']);
    return sid && `event:${sid}:${inbound.event}`;
  }
  return undefined;
};

/** What becomes `trigger.message`: texts as posted, those that hold JSON parsed, an oversized text cut. */
export const messageData = (parameters: JsonObject): JsonObject => {
  const data: Record<string, Json | undefined> = { ...parameters };
  for (const name of JSON_PARAMETERS) {
    const value = parameters[name];
    if (typeof value === 'string') data[name] = jsonObjectOf(value) ?? value;
  }
  const { Body: body } = parameters;
  return typeof body === 'string' && body.length > BODY_CHARACTERS_MAX ? { ...data, Body: body.slice(0, BODY_CHARACTERS_MAX) } : data;
};

const RCS = 'rcs:';
const FINAL_CALLS = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled']);
const JSON_PARAMETERS = ['ChannelAttributes', 'AddOns'];
const BODY_CHARACTERS_MAX = 65_536; // Unspecified by Twilio: "cut if oversized"; no channel carries that much
const OURS: readonly string[] = [CALLBACK_QUERY.execution, CALLBACK_QUERY.step, 'bodySHA256'];

const withoutOurs = (parameters: JsonObject): JsonObject => without(OURS, parameters);

const without = (names: readonly string[], parameters: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(parameters).filter(([name]) => !names.includes(name)));

const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
