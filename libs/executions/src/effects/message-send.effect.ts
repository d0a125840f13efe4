import { type Json, type JsonObject, Fault, Rejection } from '@atelier/contracts';
import type { ApiKey, MessageLookup, MessageSender, SendResult, StudioKey } from '@atelier/twilio-client';
import type { EffectOutcome, MessageRequest } from '@atelier/widgets';
import type { EffectContext, Postponed, RequestedEffect } from '../worker/effect-performer.port';
import { type CarrierCircuit, isPassing, isUnavailable } from './carrier-circuit';
import { type EffectKind, notSent, postponed } from './effect-kind';
import { type NoKey, allowed, isKeyRefusal, withStudioKey } from './studio-key-call';

/** Names in the query of our status callbacks: From and To are swapped there, so the URL says itself whose message it was. */
export const CALLBACK_QUERY = { execution: 'ExecutionSid', step: 'StepSid' } as const;

const SENDING_FAILED = 81011; // the message could not be handed to the provider (`spec/studio.md` 7)
const CALLBACK_WAIT_MS = 60_000; // for the status callback of a message whose answer was lost (invariant A5)
const IN_FLIGHT_MS = 15_000; // one call and 5 s: before that the carrier may still be busy with the attempt

export type MessageSendOptions = {
  readonly messages: MessageSender & MessageLookup;
  readonly keys: StudioKey;
  /** Base of the webhook that carriers report delivery to, without a slash at its end. */
  readonly publicUrl: () => string;
};

/** Sends a message with the Studio API Key; the outcome is the resource with capitalised names. Postponed while provider or keys are away. */
export const messageSend = ({ messages, keys, publicUrl }: MessageSendOptions, circuit: CarrierCircuit): EffectKind<MessageRequest> => ({
  perform: async (effect, request, { signal }) => {
    // A callback is asked for where the step waits for it, or where it alone may tell what became of an attempt (A5).
    const isAskedFor = request.awaitsDelivery || !messages.isConclusive;
    const message = { ...request, ...(isAskedFor && { statusCallback: statusCallbackUrl(publicUrl(), effect) }) };
    const result = await withStudioKey(keys, effect, (key) => circuit.during(() => messages.send(effect.account, key, message, signal)), isRefusal);
    // Where the look-up is the last word, that decides.
    if (isUnavailable(result) && messages.isConclusive) throw new Fault('The carrier is not available at the moment');
    return outcomeOf(effect, request, result);
  },
  reconcile: async (effect, request, context) => {
    const key = await allowed(keys.ensure(effect.account, { executionSid: effect.execution, flowSid: effect.flow }));
    const mayAsk = !(key instanceof Rejection); // else the account was suspended or closed meanwhile
    const found = mayAsk ? await foundMessage(messages, key, effect, request, context) : undefined;
    if (found) return { ok: true, payload: found };
    const isConclusive = mayAsk && messages.isConclusive;
    const untilMs = context.attemptedAtMs + (isConclusive ? IN_FLIGHT_MS : CALLBACK_WAIT_MS);
    if (context.nowMs < untilMs) return 'wait';
    return isConclusive ? 'again' : unknownOutcome;
  },
});

/** Where the provider reports what became of a step's message: the flow's webhook, with execution and step in its query. */
export const statusCallbackUrl = (publicUrl: string, { account, flow, execution, stepSid }: RequestedEffect): string =>
  `${publicUrl}/v1/Accounts/${account}/Flows/${flow}?${CALLBACK_QUERY.execution}=${execution}&${CALLBACK_QUERY.step}=${stepSid}`;

const isRefusal = (result: SendResult): boolean => result.kind === 'refused' && isKeyRefusal(result.status, result.code);

const outcomeOf = (effect: RequestedEffect, request: MessageRequest, result: SendResult | NoKey): EffectOutcome | Postponed => {
  switch (result.kind) {
    case 'no-key':
      return notSent(SENDING_FAILED, result.why);
    case 'accepted':
      return { ok: true, payload: result.message };
    case 'refused': {
      const refused = { ok: false, code: result.code, message: result.message, payload: rejected(effect, request, result.code, result.message) } as const;
      return isPassing(result) ? postponed(refused) : refused;
    }
    case 'unreachable':
      return postponed(notSent(SENDING_FAILED, result.message));
    case 'unknown':
      throw new Fault(`Nobody knows whether the provider took the message: ${result.message}`);
  }
};

// Messages that the API rejected still write outbound.* (`spec/studio.md` 8); there is no resource, so it holds what was asked for.
const rejected = ({ account }: RequestedEffect, { to, from, body }: MessageRequest, code: number, message: string): JsonObject => ({
  AccountSid: account,
  To: to,
  From: from,
  ...(body !== undefined && { Body: body }),
  Status: 'failed',
  ErrorCode: code,
  ErrorMessage: message,
});

const unknownOutcome: EffectOutcome = {
  ok: false,
  code: SENDING_FAILED,
  message: 'The connection to the provider broke, and no status callback came: nobody can say whether the message was sent',
  unknown: true,
};

// The one that was named, else the oldest one that nobody has: a step has at most one attempt without outcome, and later messages belong to later steps.
const foundMessage = async (
  messages: MessageLookup,
  key: ApiKey,
  { account }: RequestedEffect,
  { to, from, body }: MessageRequest,
  { attemptedAtMs, messageSid, isClaimed = async () => false }: EffectContext,
): Promise<JsonObject | undefined> => {
  const named = messageSid === undefined ? undefined : await messages.fetch(account, key, messageSid);
  if (named) return named;
  const found = await messages.find(account, key, { to, from, ...(body !== undefined && { body }), createdSinceMs: attemptedAtMs });
  for (const message of [...found].reverse()) if (!(await isClaimed(textOf(message['Sid'])))) return message;
  return undefined;
};

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
