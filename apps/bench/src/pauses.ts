/**
 * How long shards pause: a record for each of many contacts is sent again and again, and the store says when each was decided.
 *
 * P1. Records go through the door that answers once they are durable, so what is measured is the owners' part: from the identifier that the door made
 *     to the batch that decided. Both clocks are of this machine.
 * P2. A record that waits does not hold the next ones up; what was sent is looked at once all of it is decided.
 */
import { randomBytes } from 'node:crypto';
import { eventually } from '@atelier/testing';
import { Client } from 'pg';
import { FLOW_ADDRESS, type Target } from './crash-load';

const TICK_MS = 400;
const LOOK_EACH_MS = 250;
const RECORDS = 64; // a tick; each shard gets one a tick on average
const DECIDED_MS = 60_000;

/** Milliseconds by shard: the longest that a record of it waited. */
export type Pauses = ReadonlyMap<number, number>;
export type Owners = ReadonlyMap<number, string>;
/** `moved`: shards that had more than one owner, or none for a moment. */
export type Watched = { readonly pauses: Pauses; readonly moved: ReadonlySet<number>; readonly records: number };

export class PauseWatch {
  private constructor(
    private readonly target: Target,
    private readonly store: Client,
  ) {}

  /** `url`: the database of executions, to be read only. */
  static async open(target: Target, url: string): Promise<PauseWatch> {
    const store = new Client({ connectionString: url });
    await store.connect();
    return new PauseWatch(target, store);
  }

  close(): Promise<void> {
    return this.store.end();
  }

  /** Sends records while this happens, and says how long each shard paused and whose it was. */
  async during(happens: () => Promise<void>): Promise<Watched> {
    const sids: string[] = [];
    let isOver = false;
    const sending = this.send(sids, () => isOver);
    const moved = this.movedUntil(() => isOver);
    await happens().finally(() => (isOver = true));
    await sending;
    return { pauses: await this.pausesOf(sids), moved: await moved, records: sids.length };
  }

  private async movedUntil(isOver: () => boolean): Promise<ReadonlySet<number>> {
    const first = await this.owners();
    const moved = new Set<number>();
    for (let isLast = false; !isLast; ) {
      isLast = isOver();
      const now = await this.owners();
      for (const [shard, owner] of first) if (now.get(shard) !== owner) moved.add(shard);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EACH_MS));
    }
    return moved;
  }

  async owners(): Promise<Owners> {
    const { rows } = await this.store.query<{ shard: number; owner: string }>('select shard, owner from executions.lease where owner is not null and until > now()');
    return new Map(rows.map(({ shard, owner }) => [shard, owner]));
  }

  private async send(sids: string[], isOver: () => boolean): Promise<void> {
    const open: Promise<void>[] = [];
    while (!isOver()) {
      open.push(this.records().then((made) => void sids.push(...made)));
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    await Promise.all(open);
  }

  private async records(): Promise<readonly string[]> {
    const { client, flows, atelier } = this.target;
    const data = { account_sid: atelier.accountSid, flow_sid: flows['ten-step'], from: FLOW_ADDRESS, parameters: { name: 'ada' } };
    const records = Array.from({ length: RECORDS }, () => {
      const key = randomBytes(8).toString('hex');
      return { specversion: '1.0', type: 'atelier.trigger.v1', source: 'probe', id: key, data: { ...data, to: `client:${key}`, idempotency_key: key } };
    });
    const { status, body } = await client.postJson('/atelier/v1/Topics/atelier.triggers/Records', records);
    if (status !== 200) throw new Error(`${status} ${body}`);
    return [...body.matchAll(/"execution_sid":"(FN[0-9a-f]{32})"/g)].map(([, sid]) => sid as string); // the group is part of every match
  }

  private async pausesOf(sids: readonly string[]): Promise<Pauses> {
    const uuids = sids.map((sid) => sid.slice(2));
    const decided = `select shard, execution, at from executions.sprint where version = 1 and execution = any($1::uuid[])`;
    await eventually('everything is decided', async () => (await this.store.query(decided, [uuids])).rowCount === sids.length, DECIDED_MS);
    const { rows } = await this.store.query<{ shard: number; execution: string; at: Date }>(decided, [uuids]);
    const pauses = new Map<number, number>();
    for (const { shard, execution, at } of rows) pauses.set(shard, Math.max(pauses.get(shard) ?? 0, at.getTime() - startedAtMs(execution)));
    return pauses;
  }
}

/** The identifier of an execution begins with the millisecond in which its door made it. */
const startedAtMs = (uuid: string): number => parseInt(uuid.replaceAll('-', '').slice(0, 12), 16);
