import type { Database } from '@atelier/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { PublishedPositions } from './kafka/published-positions';

/** One row for each shard of a log, in the publishing context's own database. */
export class PublishedPositions1795000000400 implements MigrationInterface {
  readonly name = 'PublishedPositions1795000000400';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table published_position (log text not null, shard int not null, pos bigint not null, constraint published_position_pk primary key (log, shard)) with (fillfactor = 10)');
  }

  async down(): Promise<void> {} // migrations only add
}

/** Positions never go back: of two publishers of a shard, the one that is behind changes nothing. */
export const storedPositions = (db: Pick<Database, 'query'>): PublishedPositions => ({
  of: async (log, shard) => {
    // The row exists from the first question on: from then on somebody publishes this shard.
    await db.query('insert into published_position (log, shard, pos) values ($1, $2, 0) on conflict do nothing', [log, shard]);
    const [row] = await db.query<{ pos: number }>('select pos::float8 from published_position where log = $1 and shard = $2', [log, shard]);
    return row?.pos ?? 0;
  },
  passed: async (marks) => {
    if (marks.length === 0) return;
    await db.query(
      `insert into published_position as p (log, shard, pos) select log, shard, max(pos) from unnest($1::text[], $2::int[], $3::bigint[]) t (log, shard, pos) group by log, shard order by log, shard
        on conflict (log, shard) do update set pos = greatest(p.pos, excluded.pos)`,
      [marks.map(({ log }) => log), marks.map(({ shard }) => shard), marks.map(({ pos }) => pos)],
    );
  },
});

/** To be run with the publishing context's own. */
export const PUBLISHED_POSITION_MIGRATIONS = [PublishedPositions1795000000400] as const;
