/** What the owner reads: its inbox, due timers, executions that it does not hold in memory, and where a shard stands when it takes it over. */
import { type AccountSid, type ExecutionSid, type FlowSid, sidOfUuid } from '@atelier/contracts';
import type { ExecutionEvent } from '@atelier/engine';
import type { Queryable } from '@atelier/platform';
import { ENDED_REASONS } from '@atelier/engine';
import { column, digits, unescaped } from '../store/columns';
import { COMMAND_KIND } from '../ingress/stored-command';
import type { Status } from './entry';
import { ENGINE_FORMAT } from './commit';
import type { DrainedCommand, TimerInput } from './inputs';

const execution = (uuid: string): ExecutionSid => sidOfUuid('FN', uuid);
const EPOCH_MS = (name: string): string => `(extract(epoch from ${name}) * 1000)::float8`;

const INBOX = {
  name: 'executions.inbox',
  text: `select c.shard, c.pos::float8, c.kind, c.execution, c.body from rows from (unnest($1::smallint[]), unnest($2::bigint[])) s (shard, after)
    cross join lateral (select * from command where shard = s.shard and pos > s.after order by pos limit $3) c`,
};

/** Commands beyond a position of each shard, in order, `limit` per shard: fewer means read to its end. */
export const readInbox = async (db: Queryable, shards: readonly { readonly shard: number; readonly commandPos: number }[], limit: number): Promise<readonly DrainedCommand[]> => {
  const rows = await db.query<{ shard: number; pos: number; kind: number; execution: string | null; body: string }>(INBOX, [
    column(shards.map(({ shard }) => shard)),
    column(shards.map(({ commandPos }) => commandPos)),
    limit,
  ]);
  return rows.map(({ shard, pos, kind, execution: hint, body }) => commandOf({ from: 'inbox', shard, pos, hint: hint ? execution(hint) : undefined, text: body }, kind));
};

const KINDS: ReadonlySet<number> = new Set(Object.values(COMMAND_KIND));

const commandOf = (drained: Omit<Extract<DrainedCommand, { kind: 'unreadable' }>, 'kind'>, kind: number): DrainedCommand => {
  try {
    // Our own ingress wrote the text; the number beside it says which of the three bodies it is.
    return { ...drained, ...(KINDS.has(kind) ? { kind, body: JSON.parse(drained.text) as unknown } : { kind: 'unreadable' }) } as DrainedCommand;
  } catch {
    return { ...drained, kind: 'unreadable' }; // parked with its text
  }
};

const DUE = {
  name: 'executions.due',
  text: `select t.shard, ${EPOCH_MS('t.due_at')} as due, t.execution, t.step from unnest($1::smallint[]) s (shard)
    cross join lateral (select * from timer where shard = s.shard and due_at <= timestamptz 'epoch' + $2::bigint * interval '1 millisecond' order by due_at limit $3) t`,
};

export const readDue = async (db: Queryable, shards: readonly number[], nowMs: number, limit: number): Promise<readonly TimerInput[]> => {
  const rows = await db.query<{ shard: number; due: number; execution: string; step: number }>(DUE, [column(shards), nowMs, limit]);
  return rows.map(({ shard, due, execution: uuid, step }) => ({ from: 'timer', shard, execution: execution(uuid), step, dueMs: Math.round(due) }));
};

/** An execution as stored; `sprints` only of an active one, from its last snapshot on. */
export type Stored = {
  readonly sid: ExecutionSid;
  readonly account: AccountSid;
  readonly flow: FlowSid;
  readonly contact: string;
  readonly address: string;
  readonly revision: number;
  readonly initiatedBy: string;
  readonly status: Status;
  readonly reason: (typeof ENDED_REASONS)[number] | undefined;
  readonly shard: number;
  readonly snapshot: number;
  readonly version: number;
  readonly claims: readonly string[];
  /** Why its log cannot be read by this version. */
  readonly unreadable?: string;
  readonly sprints: readonly { readonly version: number; readonly atMs: number; readonly events: readonly ExecutionEvent[]; readonly characters: number }[];
};

const LOAD = {
  name: 'executions.load',
  text: `select e.*, array(select replace(key::text, '-', '') from claim where execution = u.sid) as claims,
      (select max(version) from sprint where execution = u.sid) as last, s.version, s.engine, ${EPOCH_MS('s.at')} as at, s.body
    from unnest($1::uuid[]) u (sid)
    cross join lateral (select account, flow, contact, address, revision, initiated_by, status, reason, shard, snapshot, sid from execution where sid = u.sid offset 0) e
    left join lateral (select version, engine, at, body from sprint where execution = u.sid and version >= e.snapshot and e.status = 0 order by version) s on true`,
};
type LoadRow = {
  sid: string; account: string; flow: string; contact: string; address: string; revision: number; initiated_by: string; status: Status; reason: number | null;
  shard: number; snapshot: number; claims: string[]; last: number; version: number | null; engine: number | null; at: number | null; body: string | null;
};

/** Those of these executions that have a row. */
export const readExecutions = async (db: Queryable, sids: readonly ExecutionSid[]): Promise<ReadonlyMap<ExecutionSid, Stored>> => {
  const rows = await db.query<LoadRow>(LOAD, [column(sids.map(digits))]);
  const found = new Map<ExecutionSid, Stored & { readonly sprints: Stored['sprints'][number][] }>();
  for (const row of rows) {
    const sid = execution(row.sid);
    const stored = found.get(sid) ?? storedOf(sid, row);
    found.set(sid, stored);
    if (row.version === null || row.body === null) continue;
    const events = eventsOf(row.body, row.engine ?? ENGINE_FORMAT);
    if (typeof events === 'string') found.set(sid, { ...stored, unreadable: events });
    else stored.sprints.push({ version: row.version, atMs: Math.round(row.at ?? 0), events, characters: row.body.length });
  }
  for (const stored of found.values()) stored.sprints.sort((a, b) => a.version - b.version);
  return found;
};

/** Written by the commit of an owner, perhaps of a newer version: then all of it is refused, with the reason. */
const eventsOf = (body: string, format: number): readonly ExecutionEvent[] | string => {
  if (format > ENGINE_FORMAT) return `it is written in format ${format}, and this version reads up to ${ENGINE_FORMAT}`;
  try {
    return JSON.parse(body) as readonly ExecutionEvent[];
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const storedOf = (sid: ExecutionSid, row: LoadRow): Stored & { readonly sprints: Stored['sprints'][number][] } => ({
  sid,
  account: sidOfUuid('AC', row.account),
  flow: sidOfUuid('FW', row.flow),
  contact: unescaped(row.contact),
  address: unescaped(row.address),
  revision: row.revision,
  initiatedBy: unescaped(row.initiated_by),
  status: row.status,
  reason: row.reason === null ? undefined : ENDED_REASONS[row.reason],
  shard: row.shard,
  snapshot: row.snapshot,
  version: row.last ?? 0,
  claims: row.claims,
  sprints: [],
});

const HOLDERS = `select replace(key::text, '-', '') as key, execution from claim where key = any($1::uuid[])`;
const STARTS = `select body from command where shard = any($1::smallint[]) and kind = ${COMMAND_KIND.create} and execution = any($2::uuid[])`;

/** Who holds these claims. */
export const readHolders = async (db: Queryable, keys: readonly string[]): Promise<ReadonlyMap<string, ExecutionSid>> => {
  const rows = await db.query<{ key: string; execution: string }>(HOLDERS, [column(keys)]);
  return new Map(rows.map(({ key, execution: uuid }) => [key, execution(uuid)]));
};

/** Bodies of creates that wait in the inbox, for holders of claims that have not started. */
export const readStarts = async (db: Queryable, shards: readonly number[], sids: readonly ExecutionSid[]): Promise<readonly string[]> =>
  (await db.query<{ body: string }>(STARTS, [column(shards), column(sids.map(digits))])).map(({ body }) => body);

/** Where a shard stands. */
export type Position = { readonly shard: number; readonly n: number; readonly lastPos: number; readonly commandPos: number; readonly inboxEnd: number };

const POSITIONS = {
  name: 'executions.positions',
  text: `select s.shard, coalesce(b.n, 0)::float8 as n, coalesce(b.last_pos, 0)::float8 as "lastPos", coalesce(b.command_pos, 0)::float8 as "commandPos",
      (select next from command_head h where h.shard = s.shard)::float8 as "inboxEnd"
    from unnest($1::smallint[]) s (shard) left join lateral (select * from batch where shard = s.shard order by n desc limit 1) b on true`,
};

export const readPositions = (db: Queryable, shards: readonly number[]): Promise<readonly Position[]> => db.query<Position>(POSITIONS, [column(shards)]);

/** Whether these batches were written by these epochs: what became of a commit whose connection broke. An epoch is one owner's. */
export const wereWritten = async (db: Queryable, batches: { readonly shard: readonly number[]; readonly n: readonly number[]; readonly epoch: readonly number[] }): Promise<boolean> => {
  const [row] = await db.query<{ found: number }>(
    `select count(*)::int as found from rows from (unnest($1::smallint[]), unnest($2::bigint[]), unnest($3::int[])) t (shard, n, epoch)
      cross join lateral (select from batch b where b.shard = t.shard and b.n = t.n and b.epoch = t.epoch offset 0) b`,
    [column(batches.shard), column(batches.n), column(batches.epoch)],
  );
  return row?.found === batches.shard.length;
};
