import { Fault, accountOfEvent } from '@atelier/contracts';
import type { Batch, DeadLetter } from '@atelier/bus';
import type { Database } from '@atelier/platform';
import { escaped } from './columns';

/** How far this context has read a shard of another context's log (A3). A consumer is one name; each has positions of its own. */
export class SourcePositions {
  constructor(
    private readonly db: Database,
    private readonly consumer: string,
  ) {}

  /** The row exists from the first question on. */
  async of(log: string, shard: number): Promise<number> {
    const [row] = await this.db.query<{ pos: number }>(
      `with made as (insert into source_position (consumer, log, shard) values ($1, $2, $3) on conflict do nothing)
        select coalesce((select pos from source_position where consumer = $1 and log = $2 and shard = $3), 0)::float8 as pos`,
      [this.consumer, log, shard],
    );
    return row?.pos ?? 0;
  }

  /** What is new in a batch. A gap before it is a Fault: the bus reads again from the stored position. */
  async fresh({ log, shard, messages }: Batch): Promise<Batch['messages']> {
    const pos = await this.of(log, shard);
    const first = messages[0]?.pos ?? pos + 1;
    if (first > pos + 1) throw gapBefore(log, shard, pos, first);
    return messages.filter((event) => event.pos > pos);
  }

  /** After everything that the batch caused is stored; a repeat caused nothing. */
  async passed({ log, shard, messages }: Batch): Promise<void> {
    const last = messages.at(-1)?.pos;
    if (last === undefined) return;
    await this.db.query('update source_position set pos = greatest(pos, $4) where consumer = $1 and log = $2 and shard = $3', [this.consumer, log, shard, last]);
  }

  /** Until which moment a topic of others was read, in milliseconds since 1970 by its own clock: a position beside the other. */
  timeOf(log: string, shard: number): Promise<number> {
    return this.of(timesOf(log), shard);
  }

  /** Never moves back. */
  async readUntil(log: string, shard: number, atMs: number): Promise<void> {
    await this.db.query(
      `insert into source_position as p (consumer, log, shard, pos) values ($1, $2, $3, $4)
        on conflict (consumer, log, shard) do update set pos = excluded.pos where p.pos < excluded.pos`,
      [this.consumer, timesOf(log), shard, atMs],
    );
  }

  /** Puts an event aside with its reason, and moves behind it, unless somebody else has been there. */
  async park({ event: { log, shard, pos, ...event }, reason }: DeadLetter): Promise<void> {
    await this.db.query(
      `with moved as (update source_position set pos = $4 where consumer = $1 and log = $2 and shard = $3 and pos = $4::bigint - 1 returning pos)
        insert into dead_letter (consumer, log, shard, pos, reason, body, account) select $1, $2, $3, pos, $5, $6, $7 from moved`,
      [this.consumer, log, shard, pos, escaped(reason), JSON.stringify({ ...event, log, shard, pos }), accountOfEvent(event)],
    );
  }
}

const timesOf = (log: string): string => `${log}/time`;

export const gapBefore = (log: string, shard: number, pos: number | string, found: number): Fault => new Fault(`expected ${log} ${shard} to go on behind ${pos}, found ${found}`);
