import { LRUCache } from 'lru-cache';
import type { Clock } from './clock';

const LIFE_MS = 5_000; // how long a revoked credential may live in a process that hears nothing of it
const ENTRIES_MAX = 50_000;

/** Somebody who tells that what was answered may hold no more. */
export type Changing = { onAppend(forget: () => void): unknown };

/**
 * Answers of a database or of another service, kept for a while. R1. Many who ask at once ask once. R2. Whatever changes, here or elsewhere, empties
 * it, what is being read included. R3. What was not found is not kept: a credential just made works at once.
 */
export class Remembered<V extends object> {
  private readonly entries = new LRUCache<string, { readonly at: number; readonly value: Promise<V | undefined> }>({ max: ENTRIES_MAX });

  constructor(
    source: Changing | undefined,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly lifeMs = LIFE_MS,
  ) {
    source?.onAppend(() => this.clear());
  }

  /** What is known, or what `ask` answers. */
  get(key: string, ask: () => Promise<V | undefined>): Promise<V | undefined> {
    const known = this.entries.get(key);
    return known && this.clock.monotonicMs() - known.at < this.lifeMs ? known.value : this.asked(key, ask);
  }

  forget(key: string): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }

  private asked(key: string, ask: () => Promise<V | undefined>): Promise<V | undefined> {
    const entry = { at: this.clock.monotonicMs(), value: ask() };
    const drop = (): void => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    };
    this.entries.set(key, entry);
    entry.value.then((value) => value ?? drop(), drop);
    return entry.value;
  }
}
