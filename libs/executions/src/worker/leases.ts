/**
 * Who tries which shard. Leases only avoid wasted work: the unique number of `batch` decides who wins (W2), so nothing here has to be exact.
 * L1. A lease lasts 3 s by the database's clock and is renewed each second. L2. An owner whose renewals do not arrive gives its shards up by its own
 * monotonic clock; those that nobody else took meanwhile run out and are taken again, by itself too. L3. Each taking raises the epoch: an epoch belongs
 * to one owner. L4. A released lease says that its shard was left in order. L5. Who releases tells the others at once; the hint may be lost, they look each
 * second anyway. L6. A lease that its owner has not renewed for most of its time is looked at when it ends, not up to a second later.
 */
import { type Clock, type Database, type Log, ConnectionLost } from '@atelier/platform';
import { column } from '../store/columns';

export const LEASE_MS = 3_000;
export const RENEW_EACH_MS = 1_000;

/** A shard just taken. `clean`: its former owner released it; otherwise `tried` is what that owner marked last, and had in hand perhaps, as the `tries`th. */
export type Taken = { readonly shard: number; readonly epoch: number; readonly published: number; readonly clean: boolean; readonly tried: string | null; readonly tries: number };

const LIVING = {
  name: 'executions.worker-lives',
  text: `with me as (insert into worker (id, until) values ($1, now() + $2 * interval '1 millisecond') on conflict (id) do update set until = excluded.until returning id),
    gone as (delete from worker where until < now() - interval '1 minute')
    select (select count(*) from worker where until > now() and id <> $1)::int + (select count(*) from me)::int as workers,
      (select extract(epoch from min(until) - now()) * 1000 from lease where owner <> $1 and until > now())::float8 as "endsInMs"`,
};
const RENEW = {
  name: 'executions.renew',
  text: `update lease set until = now() + $2 * interval '1 millisecond' where owner = $1 and shard = any($3::smallint[]) and until > '-infinity' returning shard, epoch`,
};
const TAKE = {
  name: 'executions.take',
  text: `update lease l set owner = $1, epoch = l.epoch + 1, until = now() + $2 * interval '1 millisecond'
    from (select shard, owner from lease where until < now() order by owner is null desc, shard limit $3 for update skip locked) f
    where l.shard = f.shard returning l.shard, l.epoch, l.published::float8 as published, f.owner is null as clean, l.tried, l.tries`,
};
const RELEASE = {
  name: 'executions.release',
  text: `update lease set owner = null, until = '-infinity', tried = null, tries = 0 where owner = $1 and shard = any($2::smallint[])`,
};

/** Where it is told that shards came free. */
const freeChannel = (schema: string): string => `${schema}_free`;

export type LeaseEvents = {
  readonly taken: (shards: readonly Taken[]) => void;
  readonly lost: (shards: readonly number[]) => void;
  /** Other workers have too few: leave this many after the batch in hand. */
  readonly surplus: (count: number) => void;
};

export class Leases {
  private readonly held = new Map<number, number>();
  private lastRenewedMs = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private endTimer: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();
  private nextLook: Promise<void> | undefined;
  private readonly free = new Set<number>();
  private releasing: Promise<void> | undefined;
  private stopListening: (() => Promise<void>) | undefined;
  private stopped = false;

  constructor(
    private readonly db: Database,
    private readonly id: string,
    private readonly shards: number,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly events: LeaseEvents,
  ) {}

  get mine(): readonly number[] {
    return [...this.held.keys()];
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    this.stopListening = await this.db.listen(freeChannel(this.db.schema), () => void this.look());
    this.timer = setInterval(() => void this.look(), RENEW_EACH_MS);
    await this.look();
  }

  /** Renews, takes what is free and gives notice of what is too much; also called when something looks wrong. Several who ask meanwhile share the next look. */
  look(): Promise<void> {
    return (this.nextLook ??= this.turn = this.turn.then(() => {
      this.nextLook = undefined;
      return this.lookOnce();
    }));
  }

  private async lookOnce(): Promise<void> {
    if (this.stopped) return;
    try {
      const [row] = await this.db.query<{ workers: number; endsInMs: number | null }>(LIVING, [this.id, LEASE_MS]);
      await this.renew();
      this.lookAtEnd(row?.endsInMs ?? Infinity);
      const fair = Math.ceil(this.shards / (row?.workers ?? 1));
      if (this.held.size < fair) await this.take(fair - this.held.size);
      else if (this.held.size > fair) this.events.surplus(this.held.size - fair);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) this.log.error({ error: String(error) }, 'leases could not be renewed');
      this.expire();
    }
  }

  /** Keeps L6. */
  private lookAtEnd(endsInMs: number): void {
    clearTimeout(this.endTimer);
    if (endsInMs < RENEW_EACH_MS) this.endTimer = setTimeout(() => void this.look(), endsInMs + 1);
  }

  /** After the batch in hand; shards that gather meanwhile go with the next statement. */
  release(shards: readonly number[]): Promise<void> {
    for (const shard of shards) {
      this.held.delete(shard);
      this.free.add(shard);
    }
    if (this.free.size === 0) return Promise.resolve();
    return (this.releasing ??= this.releaseGathered());
  }

  /** From now on this owner takes nothing, and others count without it; what it holds it gives up shard by shard. */
  async resign(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.turn;
    clearTimeout(this.endTimer);
    await this.db.query('delete from worker where id = $1', [this.id]);
  }

  /** When the process leaves in order. */
  async leave(): Promise<void> {
    await Promise.all([this.release([...this.held.keys()]), this.stopListening?.()]);
  }

  private async releaseGathered(): Promise<void> {
    try {
      while (this.free.size > 0) {
        const shards = [...this.free];
        this.free.clear();
        await this.db.query(RELEASE, [this.id, column(shards)]);
        await this.db.notify(freeChannel(this.db.schema), '').catch(() => undefined); // keeps L5: only a hint
      }
    } finally {
      this.releasing = undefined;
    }
  }

  private async renew(): Promise<void> {
    const askedMs = this.clock.monotonicMs();
    const renewed = await this.db.query<{ shard: number; epoch: number }>(RENEW, [this.id, LEASE_MS, column([...this.held.keys()])]);
    this.lastRenewedMs = askedMs;
    const mine = new Set(renewed.filter(({ shard, epoch }) => this.held.get(shard) === epoch).map(({ shard }) => shard));
    this.lose([...this.held.keys()].filter((shard) => !mine.has(shard)));
  }

  private async take(count: number): Promise<void> {
    const taken = await this.db.query<Taken>(TAKE, [this.id, LEASE_MS, count]);
    if (taken.length === 0) return;
    for (const { shard, epoch } of taken) this.held.set(shard, epoch);
    this.events.taken(taken);
  }

  private expire(): void {
    if (this.clock.monotonicMs() - this.lastRenewedMs > LEASE_MS) this.lose([...this.held.keys()]); // keeps L2
  }

  private lose(shards: readonly number[]): void {
    if (shards.length === 0) return;
    for (const shard of shards) this.held.delete(shard);
    this.events.lost(shards);
  }
}
