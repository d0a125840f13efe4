/**
 * Makes the rows of executions, timers and open effects again from the log, shard by shard, while everything else runs (A11).
 * B1. The shard's owner pauses: its lease is taken from it, and the shard's next batch number, so whatever it still decides cannot be stored (W2).
 * B2. The rows of a shard change in one transaction; readers see the old ones until then.
 * B3. Claims and the marks of attempts are facts, not projections: they stay. An effect whose row was lost comes back as attempted, for nobody knows
 *     whether it was (A5): its next owner looks into it.
 * B4. Of a deleted execution only a row is left, because its log is blank: that row stays.
 */
import { randomBytes } from 'node:crypto';
import { type ExecutionSid, Fault, sidOfUuid } from '@atelier/contracts';
import { type ExecutionEvent, ENDED_REASONS } from '@atelier/engine';
import { type Clock, type Database, type Queryable, systemClock } from '@atelier/platform';
import { startedAtMs } from '../ingress/keys';
import { column, digits, escaped, textColumn, texts } from '../store/columns';
import { SHARDS } from '../store/migrations';
import { EFFECT_KIND } from './effect-kinds';
import { type Entry, newEntry, trackOpen } from './entry';
import { LEASE_MS, RENEW_EACH_MS } from './leases';
import { readPositions } from './reads';

const CHUNK = 500; // executions read and written together
const PAUSE_MS = 50; // before the shard is tried again, because its owner was faster with the number
const TRIES = 20;

/** A shard that is done: its executions, and how many rows of all three tables were not as the log says. */
export type RebuiltShard = { readonly shard: number; readonly executions: number; readonly changed: number };

/** Rebuilds every shard, one after the other. What was rebuilt stays so where a later one fails. */
export const rebuildExecutions = async (db: Database, onShard: (done: RebuiltShard) => void, clock: Clock = systemClock): Promise<void> => {
  const used = new Set((await db.query<{ shard: number }>('select shard from lease l where exists (select from batch b where b.shard = l.shard)')).map(({ shard }) => shard));
  for (let shard = 0; shard < SHARDS; shard++) onShard(used.has(shard) ? await rebuiltShard(db, shard, clock) : { shard, executions: 0, changed: 0 });
};

const rebuiltShard = async (db: Database, shard: number, clock: Clock): Promise<RebuiltShard> => {
  const owner = `rebuild-${randomBytes(8).toString('hex')}`;
  const hold = `update lease set until = now() + ${LEASE_MS} * interval '1 millisecond'`;
  const [taken] = await db.query<{ epoch: number; clean: boolean }>(
    `with held as (select owner from lease where shard = $2 for update)
      ${hold}, owner = $1, epoch = epoch + 1 from held where shard = $2 returning epoch, held.owner is null or tried is null as clean`,
    [owner, shard],
  );
  if (!taken) throw new Fault(`expected a lease of shard ${shard}`);
  const renewing = setInterval(() => void db.query(`${hold} where owner = $1`, [owner]).catch(() => undefined), RENEW_EACH_MS); // an expired one costs a second attempt
  try {
    return await fenced(db, shard, taken.epoch, clock);
  } finally {
    clearInterval(renewing);
    // An owner that died with an input in hand has left a mark (A12): the next one must still find the shard in disorder.
    await db.query(`update lease set owner = case when $2 then null else owner end, until = '-infinity' where owner = $1`, [owner, taken.clean]);
  }
};

/** Tries until the number of the batch is ours: a batch that the former owner had in hand may be stored first. */
const fenced = async (db: Database, shard: number, epoch: number, clock: Clock): Promise<RebuiltShard> => {
  for (let attempt = 1; ; attempt++) {
    const done = await db.transaction(async (tx) => ((await takesNumber(tx, shard, epoch, clock.nowMs())) ? rebuilt(tx, shard) : undefined));
    if (done) return done;
    if (attempt === TRIES) throw new Fault(`shard ${shard} was never left alone long enough`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
};

const takesNumber = async (tx: Queryable, shard: number, epoch: number, nowMs: number): Promise<boolean> => {
  const [position] = await readPositions(tx, [shard]);
  if (!position) return false;
  const { n, lastPos, commandPos } = position;
  const text = `insert into batch (shard, n, last_pos, command_pos, epoch, at)
    values ($1, $2, $3, $4, $5, timestamptz 'epoch' + $6::bigint * interval '1 millisecond') on conflict do nothing returning n`;
  return (await tx.query(text, [shard, n + 1, lastPos, commandPos, epoch, nowMs])).length > 0;
};

const rebuilt = async (tx: Queryable, shard: number): Promise<RebuiltShard> => {
  const sids = (await tx.query<{ sid: string }>('select distinct execution as sid from sprint where shard = $1', [shard])).map(({ sid }): ExecutionSid => sidOfUuid('FN', sid));
  const open: Entry[] = [];
  let changed = 0;
  for (let i = 0; i < sids.length; i += CHUNK) {
    const folded = await foldedOf(tx, sids.slice(i, i + CHUNK));
    open.push(...folded.map(({ entry }) => entry).filter(({ timer, effect }) => timer ?? effect));
    changed += await writeExecutions(tx, folded);
  }
  return { shard, executions: sids.length, changed: changed + (await writeTimers(tx, shard, open)) + (await writeEffects(tx, shard, open)) };
};

type Folded = { readonly entry: Entry; readonly updatedMs: number };
type SprintRow = { readonly execution: string; readonly version: number; readonly at: number; readonly body: string };

const foldedOf = async (tx: Queryable, sids: readonly ExecutionSid[]): Promise<readonly Folded[]> => {
  const text = `select execution, version, (extract(epoch from at) * 1000)::float8 as at, body from sprint where execution = any($1::uuid[]) order by execution, version`;
  const logs = new Map<string, SprintRow[]>();
  for (const row of await tx.query<SprintRow>(text, [column(sids.map(digits))])) logs.set(row.execution, [...(logs.get(row.execution) ?? []), row]);
  return [...logs.values()].flatMap((sprints) => (sprints.some(({ body }) => body === '') ? [] : [fold(sprints)])); // keeps B4
};

const fold = (sprints: readonly SprintRow[]): Folded => {
  let entry: Entry | undefined;
  let updatedMs = 0;
  for (const { version, at, body } of sprints) {
    const events = JSON.parse(body) as readonly ExecutionEvent[]; // written by the commit of an owner
    const first = events[0];
    if (first?.type === 'ExecutionStarted') entry = newEntry(first, {});
    if (!entry) throw new Fault(`expected sprint ${version} of ${sprints[0]?.execution} to follow its start`);
    updatedMs = Math.round(at);
    entry.version = version;
    if (events.some(({ type }) => type === 'SnapshotTaken')) entry.snapshot = version;
    trackOpen(entry, events, version, updatedMs);
  }
  if (!entry) throw new Fault('expected sprints');
  return { entry, updatedMs };
};

const ms = (value: string): string => `timestamptz 'epoch' + ${value}::bigint * interval '1 millisecond'`;

const EXECUTIONS = `with wanted as (select sid, account, flow, contact, address, revision, initiated_by, status, reason, shard, snapshot, ${ms('created')} as created_at, ${ms('updated')} as updated_at
    from rows from (unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest(${texts(4)}), unnest(${texts(5)}), unnest($6::int[]), unnest(${texts(7)}), unnest($8::smallint[]),
      unnest($9::smallint[]), unnest($10::smallint[]), unnest($11::int[]), unnest($12::bigint[]), unnest($13::bigint[]))
      t (sid, account, flow, contact, address, revision, initiated_by, status, reason, shard, snapshot, created, updated))
  insert into execution as e select * from wanted
    on conflict (sid) do update set account = excluded.account, flow = excluded.flow, contact = excluded.contact, address = excluded.address, revision = excluded.revision,
      initiated_by = excluded.initiated_by, status = excluded.status, reason = excluded.reason, shard = excluded.shard, snapshot = excluded.snapshot,
      created_at = excluded.created_at, updated_at = excluded.updated_at
    where (e.account, e.flow, e.contact, e.address, e.revision, e.initiated_by, e.status, e.reason, e.shard, e.snapshot, e.created_at, e.updated_at)
      is distinct from (excluded.account, excluded.flow, excluded.contact, excluded.address, excluded.revision, excluded.initiated_by, excluded.status, excluded.reason, excluded.shard,
      excluded.snapshot, excluded.created_at, excluded.updated_at)
    returning 1`;

const writeExecutions = async (tx: Queryable, folded: readonly Folded[]): Promise<number> => {
  if (folded.length === 0) return 0;
  const of = <T>(value: (entry: Entry) => T): T[] => folded.map(({ entry }) => value(entry));
  const rows = await tx.query(EXECUTIONS, [
    column(of(({ sid }) => digits(sid))),
    column(of(({ account }) => digits(account))),
    column(of(({ flow }) => digits(flow))),
    textColumn(of(({ contact }) => escaped(contact))),
    textColumn(of(({ address }) => escaped(address))),
    column(of(({ revision }) => revision)),
    textColumn(of(({ initiatedBy }) => escaped(initiatedBy))),
    column(of(({ status }) => status)),
    column(of(({ reason }) => reason && ENDED_REASONS.indexOf(reason))),
    column(of(({ shard }) => shard)),
    column(of(({ snapshot }) => snapshot)),
    column(of(({ sid }) => startedAtMs(sid))),
    column(folded.map(({ updatedMs }) => updatedMs)),
  ]);
  return rows.length;
};

const TIMERS = `with wanted as (select ${ms('due')} as due_at, execution, step from rows from (unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::int[])) t (due, execution, step)),
    gone as (delete from timer t where shard = $1 and not exists (select from wanted w where w.due_at = t.due_at and w.execution = t.execution and w.step = t.step) returning 1),
    made as (insert into timer (shard, due_at, execution, step) select $1, due_at, execution, step from wanted on conflict do nothing returning 1)
  select (select count(*) from gone)::int + (select count(*) from made)::int as changed`;

const writeTimers = async (tx: Queryable, shard: number, entries: readonly Entry[]): Promise<number> => {
  const timers = entries.flatMap(({ sid, timer }) => (timer ? [{ sid, ...timer }] : []));
  return changedBy(tx, TIMERS, [shard, column(timers.map(({ dueMs }) => dueMs)), column(timers.map(({ sid }) => digits(sid))), column(timers.map(({ step }) => step))]);
};

// keeps B3
const EFFECTS = `with wanted as (select execution, step, kind, account from rows from (unnest($2::uuid[]), unnest($3::int[]), unnest($4::smallint[]), unnest($5::uuid[])) t (execution, step, kind, account)),
    gone as (delete from effect e where shard = $1 and not exists (select from wanted w where w.execution = e.execution and w.step = e.step) returning 1),
    made as (insert into effect (shard, execution, step, kind, account, epoch, attempted_at, attempts) select $1, execution, step, kind, account, 0, now(), 1 from wanted on conflict do nothing returning 1)
  select (select count(*) from gone)::int + (select count(*) from made)::int as changed`;

const writeEffects = async (tx: Queryable, shard: number, entries: readonly Entry[]): Promise<number> => {
  const effects = entries.flatMap(({ sid, account, effect }) => (effect ? [{ sid, account, ...effect }] : []));
  return changedBy(tx, EFFECTS, [
    shard,
    column(effects.map(({ sid }) => digits(sid))),
    column(effects.map(({ step }) => step)),
    column(effects.map(({ effect }) => EFFECT_KIND[effect.kind])),
    column(effects.map(({ account }) => digits(account))),
  ]);
};

const changedBy = async (tx: Queryable, text: string, values: readonly unknown[]): Promise<number> => (await tx.query<{ changed: number }>(text, values))[0]?.changed ?? 0;
