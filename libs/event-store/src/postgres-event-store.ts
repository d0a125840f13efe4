/**
 * The log of facts of a context in its own PostgreSQL.
 *
 * S1. Positions are dense: the head row gives them, and its lock is held until the commit, so readers never see a gap that fills later (A4).
 * S2. A batch is stored and projected inline, whole or not at all, and so is what was written alongside.
 * S3. Nothing is told before the commit; what is told is a hint. Without a channel it reaches this process only.
 * S4. A process that freezes between two statements loses the head row's lock, and its batch, after FROZEN_MS: the others wait no longer.
 */
import { randomUUID } from 'node:crypto';
import type { Meta } from '@atelier/contracts';
import { type Clock, type Database, type Queryable, isUniqueViolation, systemClock } from '@atelier/platform';
import { AppendWatch } from './append-watch';
import { type Append, type EventStore, type Projection, type Recorded, type Write, ConcurrencyConflict } from './event-store';

export type EventStoreOptions = {
  readonly projections: readonly Projection[];
  readonly clock?: Clock;
  /** Where appends are told to other processes (LISTEN and NOTIFY). Left out: `onAppend` hears this process only, and `close` has nothing to do. */
  readonly notifyChannel?: string;
};

/** The log in PostgreSQL: what an event refers to and may not carry, such as a secret, is written alongside, in the same transaction. */
export interface SqlEventStore extends EventStore {
  append(batch: readonly Append[], alongside?: readonly Write[]): Promise<readonly Recorded[]>;
}

type Row = { position: string; id: string; stream: string; version: number; type: string; at: Date; meta: string; data: string };

const COLUMNS = 'position, id, stream, version, type, at, meta, data';

/** Over a database that was opened with EVENT_STORE_MIGRATIONS and the context's own. */
export const createEventStore = (database: Database, { projections, clock = systemClock, notifyChannel }: EventStoreOptions): SqlEventStore => {
  const end = async () => Number((await database.query<{ position: string }>('select position from event_head'))[0]?.position ?? 0);
  const watch = new AppendWatch(database, notifyChannel, end);
  return {
    read: async (stream, fromVersion = 1) =>
      (await database.query<Row>(`select ${COLUMNS} from event where stream = $1 and version >= $2 order by version`, [stream, fromVersion])).map(recordedOf),
    append: async (batch, alongside = []) => {
      const recorded = await database.transaction((tx) => appended(tx, batch, alongside, projections, new Date(clock.nowMs()))).catch(asConflict);
      const last = recorded.at(-1);
      if (last) watch.appended(last.position);
      return recorded;
    },
    readLog: async (after, limit) =>
      (await database.query<Row>(`select ${COLUMNS} from event where position > $1 order by position limit $2`, [after, limit])).map(recordedOf),
    end,
    onAppend: (wake) => watch.add(wake),
    close: () => watch.close(),
  };
};

/** The same store, whose appends also write these statements: for `handle`. */
export const writing = (store: SqlEventStore, alongside: readonly Write[]): EventStore => ({ ...store, append: (batch) => store.append(batch, alongside) });

const FROZEN_MS = 1_000;

// Two first events of one stream meet in the unique constraint where both read before either wrote.
const asConflict = (error: unknown): never => {
  if (isUniqueViolation(error, 'event_stream')) throw new ConcurrencyConflict('the stream has grown');
  throw error;
};

const recordedOf = (row: Row): Recorded => ({
  ...row,
  position: Number(row.position),
  at: row.at.toISOString(),
  meta: JSON.parse(row.meta) as Meta, // written by append below
  data: JSON.parse(row.data) as object,
});

const appended = async (
  tx: Queryable,
  batch: readonly Append[],
  alongside: readonly Write[],
  projections: readonly Projection[],
  at: Date,
): Promise<readonly Recorded[]> => {
  const count = batch.reduce((sum, { events }) => sum + events.length, 0);
  await tx.query(`set local idle_in_transaction_session_timeout = ${FROZEN_MS}`);
  const [head] = await tx.query<{ position: string }>('update event_head set position = position + $1 returning position', [count]);
  await assertVersions(tx, batch);
  const recorded = numbered(batch, Number(head?.position) - count, at);
  await insert(tx, recorded);
  for (const projection of projections) await project(tx, projection, recorded);
  for (const { statement, values } of alongside) await tx.query(statement, values);
  return recorded;
};

// Under the head row's lock nobody else appends, so what is read here still holds at the commit.
const assertVersions = async (tx: Queryable, batch: readonly Append[]): Promise<void> => {
  const rows = await tx.query<{ stream: string; version: number }>('select stream, max(version) as version from event where stream = any($1) group by stream', [
    batch.map(({ stream }) => stream),
  ]);
  const versions = new Map(rows.map(({ stream, version }) => [stream, version]));
  for (const { stream, expectedVersion, events } of batch) {
    const version = versions.get(stream) ?? 0;
    if (version !== expectedVersion) throw new ConcurrencyConflict(`expected version ${expectedVersion} of ${stream}, found ${version}`);
    versions.set(stream, version + events.length);
  }
};

const numbered = (batch: readonly Append[], before: number, at: Date): Recorded[] => {
  let position = before;
  return batch.flatMap(({ stream, expectedVersion, events, meta }) =>
    events.map((event, i) => ({ ...event, id: randomUUID(), stream, version: expectedVersion + i + 1, position: ++position, at: at.toISOString(), meta })),
  );
};

const insert = async (tx: Queryable, events: readonly Recorded[]): Promise<void> => {
  await tx.query(
    `insert into event (${COLUMNS})
     select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::int[], $5::text[], $6::timestamptz[], $7::text[], $8::text[])`,
    [
      events.map(({ position }) => position),
      events.map(({ id }) => id),
      events.map(({ stream }) => stream),
      events.map(({ version }) => version),
      events.map(({ type }) => type),
      events.map(({ at }) => at),
      events.map(({ meta }) => JSON.stringify(meta)),
      events.map(({ data }) => JSON.stringify(data)),
    ],
  );
};

const project = async (tx: Queryable, projection: Projection, events: readonly Recorded[]): Promise<void> => {
  for (const [type, statementOf] of Object.entries(projection.on)) {
    const ofType = events.filter((event) => event.type === type);
    if (ofType.length === 0) continue;
    const { statement, values } = statementOf(ofType);
    await tx.query(statement, values);
  }
};

const REBUILD_BATCH = 500; // events a statement

/** Builds a projection's table again from the log, in one transaction: readers see the old rows until it is done. `onProgress`: up to which position it has come. */
export const rebuild = (database: Database, projection: Projection, onProgress: (position: number) => void = () => undefined): Promise<void> =>
  database.transaction(async (tx) => {
    await tx.query('select position from event_head for update'); // no append meanwhile
    await projection.clear(tx);
    for (let after = 0; ; ) {
      const rows = await tx.query<Row>(`select ${COLUMNS} from event where position > $1 order by position limit ${REBUILD_BATCH}`, [after]);
      if (rows.length === 0) return;
      await project(tx, projection, rows.map(recordedOf));
      after = Number(rows.at(-1)?.position);
      onProgress(after);
    }
  });
