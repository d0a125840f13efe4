/**
 * One lane of an owner: it drains the inbox of its shards, decides, and commits, one batch at a time. A process has two, so that one decides while the
 * other's commit is on its way. Owns: where its shards stand, its executions in memory, inputs from memory. May assume: nobody else writes in its
 * shards, which the fence proves at each commit.
 * W1. One statement a commit. W2. The batch number is the only fence. W3. The worker's commit never inserts commands. W4. Ingress never writes events.
 * W5. No clock orders anything: positions do. W6. Nothing is sent that was not marked.
 * L1. After any doubt (a lost number, a broken connection) all that was known of the shards is read again before the next decision.
 * L2. Due timers join a batch only once the inbox of their shard was read to its end, so a reply that was there first wins.
 * L3. An input that cannot be decided or stored leaves alone, with its reason (A12); the ones beside it go on.
 */
import { ConnectionLost, QueryRefused, isUniqueViolation } from '@atelier/platform';
import type { ExecutionSid } from '@atelier/contracts';
import { sendReplies } from '../ingress/replies';
import { Batch } from './batch';
import { commitRows } from './commit';
import type { Entry } from './entry';
import { EntryCache } from './entry-cache';
import { Gatherer } from './gatherer';
import { InputsOfMemory } from './inputs-of-memory';
import { type LaneInput, identityOf } from './inputs';
import type { LanePorts } from './lane-ports';
import type { Taken } from './leases';
import { Loader } from './loader';
import { Misfortunes } from './misfortunes';
import { wereWritten } from './reads';
import { Shards } from './shards';
import { Suspects, TRIES_MAX } from './suspects';

const POLL_MS = 1_000;
const PAUSE_MS = 50; // after a fault of the world
const WORLD = /^(40|55|57)/; // SQLSTATE: deadlocks, locks, an operator's doing; the same batch may pass the next time
const STALE_MS = 5_000; // a commit that took longer leaves its effects to reconciliation

export class Lane {
  readonly shards: Shards;
  readonly memory = new InputsOfMemory();
  private readonly cache: EntryCache;
  private readonly loader: Loader;
  private readonly gatherer: Gatherer;
  private readonly misfortunes: Misfortunes;
  private readonly suspects: Suspects;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;
  private isWoken = false;
  private wakeUp: () => void = () => undefined;
  private isAsleep = false;

  constructor(private readonly ports: LanePorts) {
    this.cache = new EntryCache(ports.settings.cachedExecutionsMax);
    this.loader = new Loader(ports.db, ports.rules, ports.programs, this.cache);
    this.shards = new Shards(ports.db, this.cache, ports.desk);
    this.gatherer = new Gatherer(ports.db, ports.clock, ports.log, this.shards, this.memory);
    this.misfortunes = new Misfortunes(ports.settings.batchInputsMax);
    this.suspects = new Suspects(ports.db);
  }

  /** Nothing to do that is known of. */
  get isIdle(): boolean {
    return this.isAsleep && !this.isWoken && this.memory.size === 0;
  }

  start(): void {
    this.running = this.run();
  }

  wake(): void {
    this.isWoken = true;
    this.wakeUp();
  }

  hint(shard: number): void {
    this.shards.hint([shard]);
    this.wake();
  }

  /** At everything, timers included. */
  lookAgain(): void {
    this.shards.hint();
    this.gatherer.lookAtTimers();
    this.wake();
  }

  take(taken: Taken): void {
    this.shards.take(taken);
    this.wake();
  }

  leave(shard: number, done: () => void): void {
    this.shards.leave(shard, done);
    this.wake();
  }

  /** After the batch in hand. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.wake();
    await this.running;
  }

  /** From memory or the store, for whoever reconciles its effect. */
  entryOf(sid: ExecutionSid): Promise<Entry | undefined> {
    return this.loader.entry(sid);
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      this.isWoken = false;
      try {
        await this.shards.settle();
        if (!(await this.round())) await this.sleep(POLL_MS);
      } catch (error) {
        this.ports.log.warn({ error: error instanceof Error ? error.stack : String(error) }, 'a lane reads its shards again');
        this.shards.doubtAll();
        await this.sleep(PAUSE_MS);
      }
    }
  }

  /** One batch; false where there was nothing to do. */
  private async round(): Promise<boolean> {
    const inputs = await this.gatherer.gather(this.misfortunes.inputsMax);
    if (inputs.length === 0) return false;
    try {
      const condemned = await this.condemned(inputs);
      const isCareful = this.misfortunes.isCareful || this.shards.isUnsure(inputs.map(({ shard }) => shard));
      const loaded = await this.loader.load(inputs, isCareful);
      await this.decideAndCommit(inputs, condemned, loaded);
    } catch (error) {
      this.memory.restore(inputs);
      throw error;
    }
    return true;
  }

  /** Inputs that are parked undecided, with the reason: refused by the store when alone, or in hand whenever the process died (A12). */
  private async condemned(inputs: readonly LaneInput[]): Promise<ReadonlyMap<string, string>> {
    const condemned = new Map(this.misfortunes.condemned);
    const inHand = inputs.flatMap((input) => {
      const shard = this.shards.get(input.shard);
      return shard && this.shards.isSuspect(shard) ? [{ shard: input.shard, epoch: shard.epoch, identity: identityOf(input) }] : [];
    });
    if (inHand.length === 0) return condemned;
    const tries = await this.suspects.mark(inHand);
    for (const { shard, identity } of inHand)
      if ((tries.get(shard) ?? 0) > TRIES_MAX) condemned.set(`${shard} ${identity}`, `in hand ${TRIES_MAX} times when the process died`);
    return condemned;
  }

  private async decideAndCommit(inputs: readonly LaneInput[], condemned: ReadonlyMap<string, string>, loaded: Awaited<ReturnType<Loader['load']>>): Promise<void> {
    const { clock, metrics, rules, programs, desk } = this.ports;
    const startedMs = clock.monotonicMs();
    const nowMs = clock.nowMs();
    const batch = new Batch({ shards: this.shards.mine, cache: this.cache, loaded, rules, programOf: programs.get, nowMs, takeSlot: desk.takeSlot });
    for (const input of inputs) this.decide(batch, input, condemned.get(`${input.shard} ${identityOf(input)}`));
    batch.finish();
    const decidedMs = clock.monotonicMs();
    await this.commit(batch, inputs, nowMs);
    const committedMs = clock.monotonicMs();
    metrics.batchInputs.observe(inputs.length);
    metrics.decideMs.observe(decidedMs - startedMs);
    metrics.commitMs.observe(committedMs - decidedMs);
    this.after(batch, committedMs - startedMs < STALE_MS);
  }

  private decide(batch: Batch, input: LaneInput, reason: string | undefined): void {
    if (reason !== undefined) return this.park(batch, input, reason);
    try {
      batch.decide(input);
    } catch (error) {
      this.park(batch, input, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  }

  private park(batch: Batch, input: LaneInput, reason: string): void {
    this.ports.metrics.parked.inc();
    this.ports.log.error({ shard: input.shard, input: identityOf(input), reason }, 'an input is parked');
    batch.park(input, reason);
  }

  /** Keeps W1 and L1. */
  private async commit(batch: Batch, inputs: readonly LaneInput[], nowMs: number): Promise<void> {
    try {
      await commitRows(this.ports.db, batch.out.rows, nowMs);
    } catch (error) {
      this.shards.doubt(batch.out.heads.keys());
      if (error instanceof ConnectionLost && (await this.wasWritten(batch))) return this.shards.trust(batch.out.heads.keys());
      this.ports.desk.forget(batch.out.effects);
      this.ports.metrics.conflicts.inc();
      if (isUniqueViolation(error)) {
        this.misfortunes.overtaken(inputs, error.message);
        this.ports.conflicted();
      } else if (error instanceof QueryRefused && !WORLD.test(error.code)) this.misfortunes.refused(inputs, `${error.code}: ${error.message}`);
      throw error;
    }
    this.misfortunes.passed();
  }

  private async wasWritten(batch: Batch): Promise<boolean> {
    for (;;) {
      try {
        return await wereWritten(this.ports.db, batch.out.rows.batch);
      } catch (error) {
        if (this.isStopped || !(error instanceof ConnectionLost)) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS)); // the server is coming back; hints do not hurry it
      }
    }
  }

  private after(batch: Batch, fresh: boolean): void {
    const { out } = batch;
    this.shards.advance(out.heads);
    for (const entry of out.touched) {
      this.cache.keep(entry);
      if (entry.bounded) this.memory.add({ from: 'bound', shard: entry.shard, execution: entry.sid });
    }
    this.cache.trim();
    this.ports.desk.committed(out.effects, fresh);
    for (const name of out.reported) this.ports.desk.reported(name);
    if (out.replies.length > 0)
      sendReplies(this.ports.db, out.replies).catch((error: unknown) => this.ports.log.warn({ error: String(error) }, 'replies were lost; their doors answer by deadline'));
    this.ports.committed(out);
  }

  private sleep(ms: number): Promise<void> {
    if (this.isWoken || this.isStopped) return Promise.resolve();
    this.isAsleep = true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wakeUp(), Math.min(ms, this.gatherer.nextLookMs));
      this.wakeUp = () => {
        clearTimeout(timer);
        this.isAsleep = false;
        this.wakeUp = () => undefined;
        resolve();
      };
    });
  }
}
