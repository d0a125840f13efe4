import type { EventStore } from '@atelier/event-store';
import type { Clock } from '@atelier/platform';
import { LRUCache } from 'lru-cache';

const LIFE_MS = 5_000; // how long a revoked credential may live in a process that hears nothing of it (`spec/atelier.md` 2)
const ENTRIES_MAX = 50_000;

/**
 * Answers of the database, kept for a while. R1. Many who ask at once ask once. R2. Whatever is appended, here or by another process, empties it,
 * what is being read included. R3. What was not found is not kept: a credential just made works at once.
 */
export class Remembered<V extends object> {
  private readonly entries = new LRUCache<string, { readonly at: number; readonly value: Promise<V | undefined> }>({ max: ENTRIES_MAX });

  constructor(
    store: Pick<EventStore, 'onAppend'>,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly read: (key: string) => Promise<V | undefined>,
  ) {
    store.onAppend(() => this.entries.clear());
  }

  get(key: string): Promise<V | undefined> {
    const known = this.entries.get(key);
    return known && this.clock.monotonicMs() - known.at < LIFE_MS ? known.value : this.asked(key);
  }

  forget(key: string): void {
    this.entries.delete(key);
  }

  private asked(key: string): Promise<V | undefined> {
    const entry = { at: this.clock.monotonicMs(), value: this.read(key) };
    const drop = (): void => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    };
    this.entries.set(key, entry);
    entry.value.then((value) => value ?? drop(), drop);
    return entry.value;
  }
}
