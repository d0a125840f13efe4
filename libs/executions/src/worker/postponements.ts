/**
 * Effects that are known not to have happened, because the world was away, and wait to be attempted again. Owns since when each waits, and when it is its
 * turn again. P1. The mark of the attempt was taken back, so whoever has the shard next attempts it at once. P2. The patience of an effect begins anew with
 * its next owner: only memory knows since when it waits.
 */
import type { Held } from './held-effect';

const FIRST_MS = 1_000;
const LONGEST_MS = 10_000;

type Postponement = { readonly held: Held; readonly sinceMs: number; readonly tries: number; dueMs: number };

export class Postponements {
  private readonly waiting = new Map<string, Postponement>();

  constructor(private readonly patienceMs: number) {}

  /** Those that wait; one that is being attempted again does not. */
  get size(): number {
    let size = 0;
    for (const { dueMs } of this.waiting.values()) if (dueMs < Infinity) size++;
    return size;
  }

  /** False where its patience ends and it has waited long enough. */
  add(held: Held, nowMs: number, isBounded: boolean): boolean {
    const before = this.waiting.get(held.name);
    const { sinceMs = nowMs, tries = 0 } = before ?? {};
    if (isBounded && nowMs - sinceMs >= this.patienceMs) {
      this.waiting.delete(held.name);
      return false;
    }
    this.waiting.set(held.name, { held, sinceMs, tries: tries + 1, dueMs: nowMs + Math.min(LONGEST_MS, FIRST_MS * 2 ** tries) });
    return true;
  }

  /** Those whose turn it is; they are remembered until they are forgotten. */
  due(nowMs: number): readonly Held[] {
    const due: Held[] = [];
    for (const postponement of this.waiting.values()) {
      if (postponement.dueMs > nowMs) continue;
      postponement.dueMs = Infinity;
      due.push(postponement.held);
    }
    return due;
  }

  /** Somebody else looks after it now; since when it waits is remembered. */
  rest(name: string): void {
    const postponement = this.waiting.get(name);
    if (postponement) postponement.dueMs = Infinity;
  }

  forget(name: string): void {
    this.waiting.delete(name);
  }

  forgetShards(shards: ReadonlySet<number>): void {
    for (const [name, { held }] of this.waiting) if (shards.has(held.shard)) this.waiting.delete(name);
  }
}
