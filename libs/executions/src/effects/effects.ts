import { Fault } from '@atelier/contracts';
import { type Clock, type HttpCaller, type Log, silentLog, systemClock } from '@atelier/platform';
import type { SigningToken } from '@atelier/twilio-client';
import type { EffectOutcome } from '@atelier/widgets';
import { type EffectPerformer, type Postponed, type RequestedEffect, isPostponed } from '../worker/effect-performer.port';
import { CarrierCircuit } from './carrier-circuit';
import { type EffectCount, createEffectCounts } from './effect-counts';
import { type EffectKind, NotBegun } from './effect-kind';
import { functionRun } from './function-run.effect';
import { httpRequest } from './http-request.effect';
import { type MessageSendOptions, messageSend } from './message-send.effect';

export type EffectsOptions = MessageSendOptions & {
  /** For HTTP widgets and Functions. */
  readonly caller: HttpCaller;
  readonly signing: SigningToken;
  /** Origin of the carrier's API. */
  readonly carrierOrigin: string;
  readonly clock?: Pick<Clock, 'monotonicMs'>;
  readonly log?: Log;
};

type Requested = RequestedEffect['effect'];
type Table = { readonly [K in Requested['kind']]: EffectKind<Extract<Requested, { kind: K }>['request']> };

/** The registry: adding a kind of effect means adding its file and its line here. */
export const createEffects = (options: EffectsOptions): EffectPerformer & { counts(): readonly EffectCount[] } => {
  const { clock = systemClock, log = silentLog } = options;
  const counts = createEffectCounts(clock);
  const circuit = new CarrierCircuit(clock, log);
  const table: Table = {
    'message.send': messageSend(options, circuit),
    'http.request': httpRequest(options),
    'function.run': functionRun(options),
  };
  // The key and the request carry the same kind, which the compiler cannot see through the look-up.
  const of = ({ kind }: Requested) => table[kind] as EffectKind<Requested['request']>;
  return {
    perform: (effect, context) =>
      counts.during(effect.effect.kind, async () => given(await of(effect.effect).perform(effect, effect.effect.request, context).catch(notBegun), context.signal)),
    reconcile: (effect, context) => of(effect.effect).reconcile(effect, effect.effect.request, context),
    counts: () => counts.all(),
  };
};

const notBegun = (error: unknown): Postponed => {
  if (error instanceof NotBegun) return { kind: 'postponed', why: error.message };
  throw error;
};

// A worker that stops cuts its calls off; what they failed with then says nothing about the world.
const given = (outcome: EffectOutcome | Postponed, signal: AbortSignal): EffectOutcome | Postponed => {
  if (!isPostponed(outcome) && !outcome.ok && signal.aborted) throw new Fault('The worker stopped while the effect was under way');
  return outcome;
};
