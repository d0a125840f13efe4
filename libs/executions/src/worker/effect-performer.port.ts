import type { AccountSid, ExecutionSid, FlowSid, StepSid } from '@atelier/contracts';
import type { Effect, EffectOutcome } from '@atelier/widgets';

/** An effect that was committed together with the mark of its attempt (W6). `subflow.resolve` never comes here. */
export type RequestedEffect = {
  readonly execution: ExecutionSid;
  readonly account: AccountSid;
  readonly flow: FlowSid;
  readonly step: number;
  readonly stepSid: StepSid;
  readonly effect: Exclude<Effect, { kind: 'subflow.resolve' }>;
};

export type EffectContext = {
  /** When the attempt was marked, by the store's clock, and how late it is now: their difference is monotonic. */
  readonly attemptedAtMs: number;
  readonly nowMs: number;
  /** Aborted when the worker stops: give up, the next owner reconciles. */
  readonly signal: AbortSignal;
  /** Whether a step has this message as its outcome already: a look-up must not take it for another's. Absent: nobody asks. */
  readonly isClaimed?: (messageSid: string) => Promise<boolean>;
  /** The message that it made, where a status callback has named it. */
  readonly messageSid?: string;
};

/**
 * It certainly did not happen, because the world was away, and may happen later. `otherwise` is its outcome once patience has ended; none: one of our own
 * services was away, and no step fails for that.
 */
export type Postponed = { readonly kind: 'postponed'; readonly why: string; readonly otherwise?: EffectOutcome };

export const isPostponed = (answer: EffectOutcome | Postponed): answer is Postponed => 'kind' in answer;

/**
 * The outbound side of the worker (invariant A5). Adapters resolve with an outcome for whatever the world answers, a timeout included; a thrown
 * error means that nobody knows what happened, and the attempt is reconciled later.
 */
export interface EffectPerformer {
  perform(effect: RequestedEffect, context: EffectContext): Promise<EffectOutcome | Postponed>;
  /**
   * An attempt without outcome (the process died, the shard moved, `perform` threw). `again`: it certainly did not happen, attempt it once more;
   * `wait`: not known yet, ask again in a second.
   */
  reconcile(effect: RequestedEffect, context: EffectContext): Promise<EffectOutcome | 'again' | 'wait'>;
}
