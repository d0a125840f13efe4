import type { Clock } from '@atelier/platform';
import { LRUCache } from 'lru-cache';

const AT_ONCE = 3; // keys of an account made without waiting
const EACH_MS = 1_000; // one more then
const REMEMBERED = 10_000; // accounts

/** Waits so many milliseconds. */
export type Wait = (ms: number) => Promise<void>;

/** Spaces out what somebody makes us do again and again, such as a key that is deleted in a loop: it is done late, never refused. */
export class Pace {
  private readonly freeAt = new LRUCache<string, number>({ max: REMEMBERED });

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly wait: Wait,
  ) {}

  async take(key: string): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    const freeAt = Math.max(this.freeAt.get(key) ?? 0, nowMs);
    this.freeAt.set(key, freeAt + EACH_MS);
    const lateMs = freeAt - nowMs - (AT_ONCE - 1) * EACH_MS;
    if (lateMs > 0) await this.wait(lateMs);
  }
}
