/**
 * An owner of shards: leases, two lanes, the desk for effects, keys, janitor. Any number may run, in threads, processes, machines; they meet only in the
 * store. Stopping it leaves everything in order; killing it loses nothing that was acknowledged.
 */
import { randomBytes } from 'node:crypto';
import type { FlowDirectory } from '@atelier/contracts';
import { type Clock, type Database, type Log, silentLog, systemClock } from '@atelier/platform';
import type { StudioKey } from '@atelier/twilio-client';
import { createIngress } from '../ingress/ingress';
import type { Ingress } from '../ingress/ingress.port';
import { shardsOfWake, wakeChannel } from '../ingress/wake';
import type { Growth } from '../publish/growth';
import { column } from '../store/columns';
import { SHARDS } from '../store/migrations';
import type { BatchRows } from './batch-rows';
import { EffectDesk } from './effect-desk';
import type { EffectPerformer } from './effect-performer.port';
import type { OutcomeInput } from './inputs';
import { Janitor } from './janitor';
import { Lane } from './lane';
import { Leases, type Taken } from './leases';
import { WorkerMetrics } from './metrics';
import { Programs } from './programs';
import type { Rules } from './rules';
import { StudioKeys } from './studio-keys';
import { DEFAULT_WORKER_SETTINGS, type WorkerSettings } from './worker-config';

const LANES = 2;
const EFFECTS_GRACE_MS = 5_000;
const HAND_OVER_MS = 5_000; // a batch in hand ends sooner; leases run out by themselves where the store is away
const LAG_EACH_MS = 5_000;
const IDLE_LOOK_MS = 5;

export type WorkerOptions = {
  readonly db: Database;
  readonly directory: FlowDirectory;
  readonly performer: EffectPerformer;
  readonly studioKey: Pick<StudioKey, 'ensure'>;
  readonly rules: Rules;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly settings?: Partial<WorkerSettings>;
  readonly metrics?: WorkerMetrics;
  /** Told which shards have grown after each commit. */
  readonly growth?: Growth;
};

export interface ExecutionWorker {
  /** Resolves once it looks for shards. */
  start(): Promise<void>;
  /** Finishes the batch in hand, hands its shards over, and waits for the effects on their way. */
  stop(): Promise<void>;
  /** Something was entered (all shards, and timers, where none is named). */
  wake(shards?: Iterable<number>): void;
  /** Resolves when everything that was entered is decided and no effect is open. */
  idle(): Promise<void>;
  /** Whether this worker decides for the shard, and so publishes it. */
  owns(shard: number): boolean;
  readonly shardsOwned: number;
  readonly metrics: WorkerMetrics;
}

export const createExecutionWorker = (options: WorkerOptions): ExecutionWorker => new Worker(options);

class Worker implements ExecutionWorker {
  readonly metrics: WorkerMetrics;
  private readonly id = randomBytes(8).toString('hex');
  private readonly lanes: readonly Lane[];
  private readonly leases: Leases;
  private readonly desk: EffectDesk;
  private readonly keys: StudioKeys;
  private readonly janitor: Janitor;
  private readonly ingress: Ingress;
  private readonly leaving = new Set<number>();
  private stopListening: (() => Promise<void>) | undefined;
  private lagTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: WorkerOptions) {
    const { db, clock = systemClock, log = silentLog, performer, directory, studioKey } = options;
    const settings = { ...DEFAULT_WORKER_SETTINGS, ...options.settings };
    this.metrics = options.metrics ?? new WorkerMetrics();
    this.ingress = createIngress(db, { clock });
    this.desk = new EffectDesk({
      db, clock, log, directory, performer, settings, metrics: this.metrics,
      epochOf: (shard) => this.laneOf(shard).shards.get(shard)?.epoch,
      entryOf: (shard, sid) => this.laneOf(shard).entryOf(sid),
      deliver: (outcome) => this.deliver(outcome),
    });
    this.metrics.watchDesk(() => this.desk.depth);
    const { rules } = options;
    const programs = new Programs(directory, (definition) => rules.compile(definition), settings.cachedRevisionsMax);
    const ports = { db, clock, log, rules, programs, desk: this.desk, metrics: this.metrics, settings, committed: (out: BatchRows) => this.committed(out), conflicted: () => void this.leases.look() };
    this.lanes = Array.from({ length: LANES }, () => new Lane(ports));
    this.leases = new Leases(db, this.id, SHARDS, clock, log, {
      taken: (shards) => this.taken(shards),
      lost: (shards) => this.leave(shards, () => undefined),
      surplus: (count) => this.surplus(count),
    });
    this.keys = new StudioKeys(db, studioKey, log);
    this.janitor = new Janitor(db, clock, log, settings.retentionDays);
  }

  owns(shard: number): boolean {
    return this.laneOf(shard).shards.get(shard) !== undefined;
  }

  get shardsOwned(): number {
    return this.lanes.reduce((sum, { shards }) => sum + shards.mine.size, 0);
  }

  async start(): Promise<void> {
    await this.janitor.start();
    this.stopListening = await this.options.db.listen(wakeChannel(this.options.db.schema), (payload) => this.wake(shardsOfWake(payload)));
    for (const lane of this.lanes) lane.start();
    this.desk.start();
    this.keys.start();
    await this.leases.start();
    this.lagTimer = setInterval(() => void this.measureLag(), LAG_EACH_MS);
  }

  // Shards go first: nothing that is still on its way delays their next owner, who is told of it by a command.
  async stop(): Promise<void> {
    clearInterval(this.lagTimer);
    const ended = this.desk.stop(EFFECTS_GRACE_MS);
    await this.handOver().catch((error: unknown) => this.options.log?.warn({ error: String(error) }, 'shards could not be handed over; their leases run out'));
    await ended;
    await Promise.all(this.lanes.map((lane) => lane.stop()));
    await Promise.all([this.keys.stop(), this.janitor.stop(), this.ingress.close(), this.stopListening?.()]);
    await this.leases.leave();
  }

  private async handOver(): Promise<void> {
    await this.leases.resign();
    const left = this.leases.mine.map((shard) => new Promise<void>((resolve) => this.leave([shard], () => resolve(this.leases.release([shard])))));
    await Promise.race([Promise.all(left), new Promise<void>((resolve) => setTimeout(resolve, HAND_OVER_MS).unref())]);
  }

  wake(shards?: Iterable<number>): void {
    if (!shards) for (const lane of this.lanes) lane.lookAgain();
    else for (const shard of shards) this.laneOf(shard).hint(shard);
  }

  async idle(): Promise<void> {
    for (;;) {
      if (this.lanes.every(({ isIdle }) => isIdle) && this.desk.isIdle && (await this.lag()).inputs === 0 && this.lanes.every(({ isIdle }) => isIdle) && this.desk.isIdle) return;
      await new Promise((resolve) => setTimeout(resolve, IDLE_LOOK_MS));
    }
  }

  private laneOf(shard: number): Lane {
    return this.lanes[shard % LANES] as Lane; // there are LANES of them
  }

  private taken(shards: readonly Taken[]): void {
    for (const taken of shards) this.laneOf(taken.shard).take(taken);
    this.keys.taken(shards);
    this.metrics.shardsOwned.set(this.shardsOwned + shards.length);
  }

  private surplus(count: number): void {
    const chosen = this.lanes.flatMap(({ shards }) => [...shards.mine.keys()]).filter((shard) => !this.leaving.has(shard)).slice(0, Math.max(0, count - this.leaving.size));
    this.leave(chosen, (shard) => void this.leases.release([shard]).catch(() => undefined)); // it runs out in 3 s
  }

  /** After the batch in hand of its lane; outcomes that arrived go to whoever owns the shard next. */
  private leave(shards: readonly number[], then: (shard: number) => void): void {
    for (const shard of shards) {
      this.leaving.add(shard);
      this.laneOf(shard).leave(shard, () => {
        this.leaving.delete(shard);
        this.desk.left(new Set([shard]));
        for (const input of this.laneOf(shard).memory.leave(new Set([shard]))) if (input.from === 'effect') this.post(input);
        this.metrics.shardsOwned.set(this.shardsOwned);
        then(shard);
      });
    }
  }

  private deliver(outcome: OutcomeInput): void {
    const lane = this.laneOf(outcome.shard);
    if (!lane.shards.get(outcome.shard)) return this.post(outcome);
    lane.memory.add(outcome);
    lane.wake();
  }

  private post({ execution, account, step, outcome }: OutcomeInput): void {
    this.ingress.command({ execution, account, input: { type: 'EffectOutcome', step, outcome } }).catch((error: unknown) => {
      this.options.log?.warn({ execution, step, error: String(error) }, 'an outcome could not be handed over; the new owner reconciles');
    });
  }

  private committed(out: BatchRows): void {
    this.keys.committed(out);
    this.options.growth?.grown(out.heads.keys());
  }

  private async measureLag(): Promise<void> {
    const lag = await this.lag().catch(() => undefined);
    if (!lag) return; // the store is away; the last figure stands
    this.metrics.lagInputs.set(lag.inputs);
    this.metrics.lagSeconds.set(lag.seconds);
  }

  private async lag(): Promise<{ readonly inputs: number; readonly seconds: number }> {
    const mine = this.lanes.flatMap(({ shards }) => [...shards.mine.keys()]);
    const [row] = await this.options.db.query<{ inputs: number; seconds: number }>(LAG, [column(mine)]);
    return { inputs: row?.inputs ?? 0, seconds: row?.seconds ?? 0 };
  }
}

const LAG = {
  name: 'executions.lag',
  text: `select coalesce(sum(h.next - p.pos), 0)::float8 as inputs, coalesce(extract(epoch from now() - min(c.accepted_at)), 0)::float8 as seconds
    from command_head h
    cross join lateral (select coalesce((select command_pos from batch where shard = h.shard order by n desc limit 1), 0) as pos offset 0) p
    left join lateral (select accepted_at from command where shard = h.shard and pos > p.pos order by pos limit 1) c on true
    where h.shard = any($1::smallint[])`,
};
