import { Fault } from '@atelier/contracts';
import type { EffectOutcome } from '@atelier/widgets';
import type { EffectContext, Postponed, RequestedEffect } from '../worker/effect-performer.port';

/**
 * One kind of outbound act; its file is named after it. `perform` acts at most once, except that a call refused for a key that is gone is made
 * again with the new one (invariant A9): then nothing had happened. It throws where it acted, or may have, and nobody knows the outcome.
 */
export type EffectKind<R> = {
  perform(effect: RequestedEffect, request: R, context: EffectContext): Promise<EffectOutcome | Postponed>;
  reconcile(effect: RequestedEffect, request: R, context: EffectContext): Promise<EffectOutcome | 'again' | 'wait'>;
};

const ATTEMPTS = 4;
const PAUSE_MS = 250; // all in all less than the 5 s within which a marked effect has to start

/** Asks a neighbour for what an effect needs before it acts: a Fault is met with patience, then with undefined. Nothing was sent so far. */
export const patiently = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (attempt === ATTEMPTS) return undefined;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
};

/** The step fails for certain: nothing was sent. */
export const notSent = (code: number, message: string): EffectOutcome => ({ ok: false, code, message });

/** Nothing was sent because the world is away: the step waits, and fails so only when it has waited long enough. */
export const postponed = (otherwise: EffectOutcome): Postponed => ({ kind: 'postponed', otherwise });
