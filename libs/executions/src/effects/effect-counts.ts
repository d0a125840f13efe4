import type { Clock } from '@atelier/platform';
import type { EffectKind, EffectOutcome } from '@atelier/widgets';
import { type Postponed, isPostponed } from '../worker/effect-performer.port';

/** How often a kind of effect came to this end, and how long that took in all. `unknown`: nobody knows; it is reconciled. `postponed`: it waits. */
export type EffectCount = { readonly kind: EffectKind; readonly outcome: 'succeeded' | 'failed' | 'unknown' | 'postponed'; readonly count: number; readonly totalMs: number };

/** Counters for operators, in memory of this process. */
export const createEffectCounts = (clock: Pick<Clock, 'monotonicMs'>) => {
  const counts = new Map<string, EffectCount>();
  const add = (kind: EffectKind, outcome: EffectCount['outcome'], ms: number): void => {
    const before = counts.get(`${kind} ${outcome}`);
    counts.set(`${kind} ${outcome}`, { kind, outcome, count: (before?.count ?? 0) + 1, totalMs: (before?.totalMs ?? 0) + ms });
  };
  const during = async (kind: EffectKind, perform: () => Promise<EffectOutcome | Postponed>): Promise<EffectOutcome | Postponed> => {
    const startedMs = clock.monotonicMs();
    let end: EffectCount['outcome'] = 'unknown';
    try {
      const outcome = await perform();
      end = isPostponed(outcome) ? 'postponed' : outcome.ok ? 'succeeded' : 'failed';
      return outcome;
    } finally {
      add(kind, end, clock.monotonicMs() - startedMs);
    }
  };
  return { during, all: (): readonly EffectCount[] => [...counts.values()] };
};
