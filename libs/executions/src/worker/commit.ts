/**
 * The worker's commit: ONE statement (W1) that writes what a batch decided, all of it or none. `batch` is the fence (W2): where somebody else has
 * written the number, the statement fails and nothing is written. It never inserts commands (W3). Parts that a batch does not need are left out of the
 * statement, so that a run that never waits pays for nothing else; each combination is prepared once per connection.
 */
import type { Queryable } from '@atelier/platform';
import { column, textColumn, texts } from '../store/columns';

export const ENGINE_FORMAT = 1; // of sprint bodies and their public events

type Values = readonly (string | number | undefined)[];

/** Rows by column, appended to while a batch is decided. Identifiers are 32 digits, times milliseconds. */
export class Rows {
  readonly batch = { shard: [] as number[], n: [] as number[], lastPos: [] as number[], commandPos: [] as number[], epoch: [] as number[] };
  readonly sprint = { execution: [] as string[], version: [] as number[], shard: [] as number[], pos: [] as number[], events: [] as number[], body: [] as string[] };
  readonly execution = {
    sid: [] as string[], account: [] as string[], flow: [] as string[], contact: [] as string[], address: [] as string[], revision: [] as number[], initiatedBy: [] as string[],
    status: [] as number[], reason: [] as (number | undefined)[], shard: [] as number[], snapshot: [] as number[], createdMs: [] as number[],
  };
  readonly claimIn = { key: [] as string[], execution: [] as string[], shard: [] as number[] };
  readonly claimTake = { key: [] as string[], from: [] as string[], to: [] as string[] };
  readonly claimOut = { key: [] as string[], execution: [] as string[] };
  readonly effectIn = { shard: [] as number[], execution: [] as string[], step: [] as number[], kind: [] as number[], account: [] as string[], epoch: [] as number[], attempts: [] as number[] };
  readonly effectOut = { shard: [] as number[], execution: [] as string[], step: [] as number[] };
  readonly timerIn = { shard: [] as number[], dueMs: [] as number[], execution: [] as string[], step: [] as number[] };
  readonly timerOut = { shard: [] as number[], dueMs: [] as number[], execution: [] as string[], step: [] as number[] };
  readonly parked = { shard: [] as number[], pos: [] as (number | undefined)[], account: [] as (string | undefined)[], reason: [] as string[], body: [] as string[] };
}

type Part = {
  readonly of: (rows: Rows) => Readonly<Record<string, Values>>;
  /** Columns that hold texts; the others are arrays of these types. */
  readonly types: readonly string[];
  readonly sql: (input: string) => string;
};

const ms = (value: string): string => `timestamptz 'epoch' + ${value} * interval '1 millisecond'`;
const AT = ms('$1::bigint');

// Finds rows by key with one probe each, whatever the planner believes of the table's size.
const rowsOf = (table: string, input: string, columns: string, where: string): string =>
  `any (array(select d.ctid from ${input} t (${columns}) cross join lateral (select ctid from ${table} r where ${where} offset 0) d))`;

const PARTS: readonly Part[] = [
  {
    of: ({ batch }) => batch,
    types: ['smallint', 'bigint', 'bigint', 'bigint', 'int'],
    sql: (input) => `insert into batch (shard, n, last_pos, command_pos, epoch, at) select shard, n, last_pos, command_pos, epoch, ${AT} from ${input} t (shard, n, last_pos, command_pos, epoch)`,
  },
  {
    of: ({ sprint }) => sprint,
    types: ['uuid', 'int', 'smallint', 'bigint', 'smallint', 'text'],
    sql: (input) => `insert into sprint (execution, version, shard, pos, events, at, engine, body)
      select execution, version, shard, pos, events, ${AT}, ${ENGINE_FORMAT}, body from ${input} t (execution, version, shard, pos, events, body)`,
  },
  {
    of: ({ execution }) => execution,
    types: ['uuid', 'uuid', 'uuid', 'text', 'text', 'int', 'text', 'smallint', 'smallint', 'smallint', 'int', 'bigint'],
    sql: (input) => `insert into execution (sid, account, flow, contact, address, revision, initiated_by, status, reason, shard, snapshot, created_at, updated_at)
      select sid, account, flow, contact, address, revision, initiated_by, status, reason, shard, snapshot, ${ms('created')}, ${AT}
      from ${input} t (sid, account, flow, contact, address, revision, initiated_by, status, reason, shard, snapshot, created)
      on conflict (sid) do update set status = excluded.status, reason = excluded.reason, snapshot = excluded.snapshot, updated_at = excluded.updated_at`,
  },
  {
    // In the order of keys, as ingress inserts them, and before anything is taken or deleted: nobody waits in a circle.
    of: ({ claimIn }) => claimIn,
    types: ['uuid', 'uuid', 'smallint'],
    sql: (input) => `insert into claim (key, execution, shard) select key, execution, shard from ${input} t (key, execution, shard) order by key returning key`,
  },
  {
    of: ({ claimTake }) => claimTake,
    types: ['uuid', 'uuid', 'uuid'],
    sql: (input) => `update claim c set execution = (select t.owner from ${input} t (key, former, owner) where t.key = c.key)
      where c.ctid = ${rowsOf('claim', input, 'key, former, owner', 'r.key = t.key and r.execution = t.former')} $after`,
  },
  {
    of: ({ claimOut }) => claimOut,
    types: ['uuid', 'uuid'],
    sql: (input) => `delete from claim c where c.ctid = ${rowsOf('claim', input, 'key, execution', 'r.key = t.key and r.execution = t.execution')} $after`,
  },
  {
    // An attempt is timed by the store: whoever looks into it later may have another clock (W5).
    of: ({ effectIn }) => effectIn,
    types: ['smallint', 'uuid', 'int', 'smallint', 'uuid', 'int', 'smallint'],
    sql: (input) => `insert into effect (shard, execution, step, kind, account, epoch, attempts, attempted_at)
      select t.*, case when attempts > 0 then now() end from ${input} t (shard, execution, step, kind, account, epoch, attempts)
      on conflict (shard, execution, step) do update set kind = excluded.kind, epoch = excluded.epoch, attempts = excluded.attempts, attempted_at = excluded.attempted_at`,
  },
  {
    of: ({ effectOut }) => effectOut,
    types: ['smallint', 'uuid', 'int'],
    sql: (input) => `delete from effect e where e.ctid = ${rowsOf('effect', input, 'shard, execution, step', 'r.shard = t.shard and r.execution = t.execution and r.step = t.step')}`,
  },
  {
    of: ({ timerIn }) => timerIn,
    types: ['smallint', 'bigint', 'uuid', 'int'],
    sql: (input) => `insert into timer (shard, due_at, execution, step) select shard, ${ms('due')}, execution, step from ${input} t (shard, due, execution, step) on conflict do nothing`,
  },
  {
    of: ({ timerOut }) => timerOut,
    types: ['smallint', 'bigint', 'uuid', 'int'],
    sql: (input) => `delete from timer e where e.ctid = ${rowsOf(
      'timer', input, 'shard, due, execution, step', `r.shard = t.shard and r.due_at = ${ms('t.due')} and r.execution = t.execution and r.step = t.step`,
    )}`,
  },
  {
    of: ({ parked }) => parked,
    types: ['smallint', 'bigint', 'uuid', 'text', 'text'],
    sql: (input) => `insert into parked (shard, pos, account, reason, body) select shard, pos, account, reason, body from ${input} t (shard, pos, account, reason, body)`,
  },
];

type Built = { readonly name: string; readonly text: string };
const built = new Map<number, Built>();

const CLAIM_IN = PARTS.findIndex(({ of }) => 'key' in of(new Rows()));

/** The statement for a set of parts, one bit each. */
const statementOf = (mask: number): Built => {
  const known = built.get(mask);
  if (known) return known;
  let parameter = 1;
  const parts = PARTS.flatMap(({ types, sql }, i) => {
    if (!(mask & (1 << i))) return [];
    const input = `rows from (${types.map((type) => (++parameter, `unnest(${type === 'text' ? texts(parameter) : `$${parameter}::${type}[]`})`)).join(', ')})`;
    const after = mask & (1 << CLAIM_IN) ? `and (select count(*) from part${CLAIM_IN}) >= 0` : '';
    return [`part${i} as (${sql(input).replace('$after', after)})`];
  });
  const statement = { name: `executions.commit.${mask}`, text: `with ${parts.join(',\n')}\nselect 1` };
  built.set(mask, statement);
  return statement;
};

/** Writes a batch. Throws a unique violation where another owner was faster, ConnectionLost where nobody knows. */
export const commitRows = async (db: Queryable, rows: Rows, atMs: number): Promise<void> => {
  const values: unknown[] = [atMs];
  let mask = 0;
  PARTS.forEach(({ of, types }, i) => {
    const columns = Object.values(of(rows));
    if (columns[0]?.length === 0) return;
    mask |= 1 << i;
    // A column of type text holds strings only (class Rows).
    columns.forEach((values_, k) => values.push(types[k] === 'text' ? textColumn(values_ as readonly string[]) : column(values_)));
  });
  await db.query(statementOf(mask), values);
};
