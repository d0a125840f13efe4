import { Rejection } from '@atelier/contracts';
import type { Clock } from '@atelier/platform';
import { LRUCache } from 'lru-cache';

type Bucket = { tokens: number; atMs: number };

const BUCKETS_MAX = 10_000; // accounts remembered; a forgotten one starts with a full bucket

/** A token bucket per key, in memory of this process: `perSecond` on average, as many at once. 0 turns it off. */
export class RateLimit {
  private readonly buckets = new LRUCache<string, Bucket>({ max: BUCKETS_MAX });

  constructor(
    private readonly perSecond: number,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  /** Takes one, or throws 429/20429 with `Retry-After` in whole seconds. */
  take(key: string): void {
    if (this.perSecond === 0) return;
    const nowMs = this.clock.monotonicMs();
    const { tokens, atMs } = this.buckets.get(key) ?? { tokens: this.perSecond, atMs: nowMs };
    const available = Math.min(this.perSecond, tokens + ((nowMs - atMs) / 1_000) * this.perSecond);
    this.buckets.set(key, { tokens: available >= 1 ? available - 1 : available, atMs: nowMs });
    if (available < 1) throw tooMany(Math.ceil((1 - available) / this.perSecond));
  }
}

const tooMany = (seconds: number) => new Rejection('TooManyRequests', { headers: { 'retry-after': String(seconds) } });
