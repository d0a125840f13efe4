/**
 * Effects that nobody knows the fate of: marked by somebody else, too long ago, or without an answer. Owns when each is asked about, and how many at once.
 * E2. One is asked about when its time-out and 5 s have passed since the mark, when no first attempt can still be on its way; earlier only where a status
 * callback has named its message. E3. While one is asked about, or its answer is no answer yet, it stays here. E4. It is read again before anything is done
 * about it: a mark whose answer was lost may be stored or not. E5. How old an attempt is, the store says, and from then on monotonic time: clocks differ.
 */
import type { Clock, Database, Log } from '@atelier/platform';
import type { EffectOutcome } from '@atelier/widgets';
import type { EffectPerformer } from './effect-performer.port';
import { type OpenRow, readOpenEffect } from './effect-rows';
import type { Entry } from './entry';
import { type Held, heldOf } from './held-effect';
import { type ClaimedMessages, effectName } from './message-outcomes';

export const LOOK_EACH_MS = 1_000;
export const GRACE_MS = 5_000;
const ASKED_MAX = 64; // look-ups at once after a crash; more would only wait for each other

export type DoubtPorts = {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly performer: Pick<EffectPerformer, 'reconcile'>;
  readonly claimed: ClaimedMessages;
  readonly effectTimeoutMs: number;
  /** Aborted when the worker stops. */
  readonly signal: AbortSignal;
  /** The execution with its open effect, from memory or the store. */
  readonly entryOf: (shard: number, sid: Entry['sid']) => Promise<Entry | undefined>;
  /** It certainly did not happen: it may be attempted (again). */
  readonly again: (held: Held) => void;
  readonly settled: (held: Held, outcome: EffectOutcome) => void;
};

/** `attempts`: as many as were known, and when the last one was made on the monotonic clock. */
type Doubt = Pick<OpenRow, 'shard' | 'execution' | 'step'> & { readonly attempts: number; readonly attemptedMs: number; dueMs: number; isAsked: boolean };

export class Doubts {
  private readonly doubtful = new Map<string, Doubt>();
  private asked = 0;
  private isStopped = false;

  constructor(private readonly ports: DoubtPorts) {}

  get size(): number {
    return this.doubtful.size;
  }

  /** What the store says is open. One without a mark waits for a slot and for nothing else. */
  add(row: OpenRow): void {
    this.doubtful.set(effectName(row.execution, row.step), this.doubtOf(row));
  }

  /** An attempt of this process, marked or not. */
  addAttempt({ name, shard, effect: { execution, step }, attempts, attemptedMs }: Held): void {
    this.doubtful.set(name, { shard, execution, step, attempts, attemptedMs, dueMs: this.overMs(attemptedMs), isAsked: false });
  }

  /** Its fate is known after all. */
  forget(name: string): void {
    this.doubtful.delete(name);
  }

  /** These shards are somebody else's now. */
  left(shards: ReadonlySet<number>): void {
    for (const [name, { shard }] of this.doubtful) if (shards.has(shard)) this.doubtful.delete(name);
  }

  /** A status callback names its message: that can be asked for at once. */
  hurry(name: string): void {
    const doubt = this.doubtful.get(name);
    if (!doubt) return;
    doubt.dueMs = -Infinity;
    this.look();
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Asks about as many at once as make sense, in the order in which they are due again. */
  look(): void {
    if (this.isStopped) return;
    const nowMs = this.ports.clock.monotonicMs();
    for (const [name, doubt] of this.doubtful) {
      if (this.asked >= ASKED_MAX) return;
      if (doubt.isAsked || doubt.dueMs > nowMs) continue;
      doubt.isAsked = true;
      this.asked++;
      void this.reconcile(name, doubt).finally(() => this.answered(name));
    }
  }

  /** What is still doubtful is asked about again after a while, and after the others. */
  private answered(name: string): void {
    this.asked--;
    const doubt = this.doubtful.get(name);
    if (doubt) {
      this.doubtful.delete(name);
      this.doubtful.set(name, { ...doubt, isAsked: false, dueMs: Math.max(doubt.dueMs, this.ports.clock.monotonicMs() + LOOK_EACH_MS) });
    }
    this.look();
  }

  private async reconcile(name: string, doubt: Doubt): Promise<void> {
    try {
      const [row, entry] = await Promise.all([readOpenEffect(this.ports.db, doubt), this.ports.entryOf(doubt.shard, doubt.execution)]);
      const open = entry?.effect;
      if (this.doubtful.get(name) !== doubt) return;
      if (!row || !entry || open?.step !== doubt.step) return void this.doubtful.delete(name); // its outcome came in meanwhile
      if (row.attempts !== doubt.attempts) return void this.doubtful.set(name, this.doubtOf(row)); // keeps E4
      const held = heldOf(entry, doubt.step, open.effect, row.attempts, doubt.attemptedMs);
      const verdict = row.attempted ? await this.verdictOn(held, row.attempted.atMs, entry.reported) : 'again';
      if (this.doubtful.get(name) !== doubt || verdict === 'wait') return; // keeps E3
      this.doubtful.delete(name);
      if (verdict === 'again') this.ports.again(held);
      else this.ports.settled(held, verdict);
    } catch (error) {
      this.ports.log.warn({ execution: doubt.execution, step: doubt.step, error: String(error) }, 'an effect could not be reconciled; again in a second');
    }
  }

  /** `atMs`: when the store marked the attempt; how long ago that was, monotonic time says (E5). */
  private verdictOn({ name, shard, effect, attemptedMs }: Held, atMs: number, messageSid: string | undefined): Promise<EffectOutcome | 'again' | 'wait'> {
    const { clock, claimed, performer, signal } = this.ports;
    if (effect.effect.kind === 'subflow.resolve') return Promise.resolve('again');
    const isClaimed = (message: string): Promise<boolean> => claimed.isClaimed(message, name, shard);
    const context = { attemptedAtMs: atMs, nowMs: atMs + (clock.monotonicMs() - attemptedMs), signal };
    return performer.reconcile({ ...effect, effect: effect.effect }, { ...context, isClaimed, ...(messageSid !== undefined && { messageSid }) });
  }

  private doubtOf({ shard, execution, step, attempts, attempted }: OpenRow): Doubt {
    const attemptedMs = this.ports.clock.monotonicMs() - (attempted?.agoMs ?? 0); // keeps E5
    return { shard, execution, step, attempts, attemptedMs, dueMs: attempted ? this.overMs(attemptedMs) : -Infinity, isAsked: false };
  }

  /** When nothing of an attempt can be on its way any more (E2). */
  private overMs(attemptedMs: number): number {
    return attemptedMs + this.ports.effectTimeoutMs + GRACE_MS;
  }
}
