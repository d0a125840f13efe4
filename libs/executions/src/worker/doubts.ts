/**
 * Effects that nobody knows the fate of: marked by somebody else, too long ago, or without an answer. Owns when each is asked about, and how many at once.
 * E2. One is asked about when its time-out and 5 s have passed since the mark, when no first attempt can still be on its way; earlier only where a status
 * callback has named its message. E3. While one is asked about, or its answer is no answer yet, it stays here.
 */
import type { Clock, Log } from '@atelier/platform';
import type { EffectOutcome } from '@atelier/widgets';
import type { EffectPerformer } from './effect-performer.port';
import type { OpenRow } from './effect-rows';
import type { Entry } from './entry';
import { type Held, heldOf } from './held-effect';
import { type ClaimedMessages, effectName } from './message-outcomes';

export const LOOK_EACH_MS = 1_000;
export const GRACE_MS = 5_000;
const ASKED_MAX = 64; // look-ups at once after a crash; more would only wait for each other

export type DoubtPorts = {
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

type Doubt = { readonly row: OpenRow; dueMs: number; isAsked: boolean };

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
    const dueMs = row.attemptedMs === undefined ? 0 : row.attemptedMs + this.ports.effectTimeoutMs + GRACE_MS;
    this.doubtful.set(effectName(row.execution, row.step), { row, dueMs, isAsked: false });
  }

  /** Its fate is known after all. */
  forget(name: string): void {
    this.doubtful.delete(name);
  }

  /** These shards are somebody else's now. */
  left(shards: ReadonlySet<number>): void {
    for (const [name, { row }] of this.doubtful) if (shards.has(row.shard)) this.doubtful.delete(name);
  }

  /** A status callback names its message: that can be asked for at once. */
  hurry(name: string): void {
    const doubt = this.doubtful.get(name);
    if (!doubt) return;
    doubt.dueMs = 0;
    this.look();
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Asks about as many at once as make sense, in the order in which they are due again. */
  look(): void {
    if (this.isStopped) return;
    const nowMs = this.ports.clock.nowMs();
    for (const [name, doubt] of this.doubtful) {
      if (this.asked >= ASKED_MAX) return;
      if (doubt.isAsked || doubt.dueMs > nowMs) continue;
      doubt.isAsked = true;
      this.asked++;
      void this.reconcile(name, doubt.row).finally(() => this.answered(name));
    }
  }

  /** What is still doubtful is asked about again after a while, and after the others. */
  private answered(name: string): void {
    this.asked--;
    const doubt = this.doubtful.get(name);
    if (doubt) {
      this.doubtful.delete(name);
      this.doubtful.set(name, { ...doubt, isAsked: false, dueMs: this.ports.clock.nowMs() + LOOK_EACH_MS });
    }
    this.look();
  }

  private async reconcile(name: string, row: OpenRow): Promise<void> {
    try {
      const entry = await this.ports.entryOf(row.shard, row.execution);
      const open = entry?.effect;
      if (!this.doubtful.has(name)) return;
      if (!entry || open?.step !== row.step) return void this.doubtful.delete(name); // its outcome came in meanwhile
      const held = heldOf(entry, row.step, open.effect, row.attempts, row.attemptedMs ?? 0);
      const verdict = row.attemptedMs === undefined ? 'again' : await this.verdictOn(held, entry.reported);
      if (!this.doubtful.has(name) || verdict === 'wait') return; // keeps E3
      this.doubtful.delete(name);
      if (verdict === 'again') this.ports.again(held);
      else this.ports.settled(held, verdict);
    } catch (error) {
      this.ports.log.warn({ execution: row.execution, step: row.step, error: String(error) }, 'an effect could not be reconciled; again in a second');
    }
  }

  private verdictOn({ name, shard, effect, attemptedAtMs }: Held, messageSid: string | undefined): Promise<EffectOutcome | 'again' | 'wait'> {
    const { clock, claimed, performer, signal } = this.ports;
    if (effect.effect.kind === 'subflow.resolve') return Promise.resolve('again');
    const isClaimed = (message: string): Promise<boolean> => claimed.isClaimed(message, name, shard, attemptedAtMs);
    return performer.reconcile({ ...effect, effect: effect.effect }, { attemptedAtMs, nowMs: clock.nowMs(), signal, isClaimed, ...(messageSid !== undefined && { messageSid }) });
  }
}
