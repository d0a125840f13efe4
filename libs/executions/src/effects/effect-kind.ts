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

const PATIENCE_MS = 3_000; // less than the 5 s within which a marked effect has to start
const PAUSE_MS = 250;

/** One of our own services could not be asked for what the effect needs: nothing was sent. */
export class NotBegun extends Fault {}

/** Asks a neighbour for what an effect needs before it acts: a Fault, or silence, is met with patience, then with NotBegun. Nothing was sent so far. */
export const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const isOver = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new NotBegun('what it needs of its neighbours is not to be had at the moment')), PATIENCE_MS)));
  try {
    return await Promise.race([untilAnswered(ask, performance.now() + PATIENCE_MS), isOver]);
  } finally {
    clearTimeout(timer);
  }
};

const untilAnswered = async <T>(ask: () => Promise<T>, endMs: number): Promise<T> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (performance.now() + PAUSE_MS > endMs) throw new NotBegun(error.message, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
};

/** The step fails for certain: nothing was sent. */
export const notSent = (code: number, message: string): EffectOutcome & { readonly ok: false } => ({ ok: false, code, message });

/** Nothing was sent because the world is away: the step waits, and fails so only when it has waited long enough. */
export const postponed = (otherwise: EffectOutcome & { readonly ok: false }): Postponed => ({ kind: 'postponed', why: otherwise.message, otherwise });
