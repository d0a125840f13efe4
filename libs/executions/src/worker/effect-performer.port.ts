import { type AccountSid, type ExecutionSid, type FlowSid, type StepSid, Fault } from '@atelier/contracts';
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
  /** When the attempt was marked, by the worker's clock. */
  readonly attemptedAtMs: number;
  readonly nowMs: number;
  /** Aborted when the worker stops: give up, the next owner reconciles. */
  readonly signal: AbortSignal;
  /** Whether a step has this message as its outcome already: a look-up must not take it for another's. Absent: nobody asks. */
  readonly isClaimed?: (messageSid: string) => Promise<boolean>;
  /** The message that it made, where a status callback has named it. */
  readonly messageSid?: string;
};

/** Nothing was sent: a service of ours that the effect needs first is away. `otherwise` is its outcome once nobody wants to wait any longer. */
export class NotYet extends Fault {
  constructor(readonly otherwise: EffectOutcome & { readonly ok: false }) {
    super(otherwise.message);
  }
}

/**
 * The outbound side of the worker (invariant A5). Adapters resolve with an outcome for whatever the world answers, a timeout included; NotYet
 * is thrown where nothing was done yet, any other error means that nobody knows what happened, and the attempt is reconciled later.
 */
export interface EffectPerformer {
  perform(effect: RequestedEffect, context: EffectContext): Promise<EffectOutcome>;
  /**
   * An attempt without outcome (the process died, the shard moved, `perform` threw). `again`: it certainly did not happen, attempt it once more;
   * `wait`: not known yet, ask again in a second.
   */
  reconcile(effect: RequestedEffect, context: EffectContext): Promise<EffectOutcome | 'again' | 'wait'>;
}
