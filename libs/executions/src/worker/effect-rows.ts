import { type AccountSid, type ExecutionSid, sidOfUuid } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
import { column, digits } from '../store/columns';
import { effectName } from './message-outcomes';

/** An effect without outcome, as stored. `attempted` is absent while it waits for a slot; both of its times are the store's, whose clock all owners share. */
export type OpenRow = {
  readonly shard: number;
  readonly execution: ExecutionSid;
  readonly step: number;
  readonly account: AccountSid;
  readonly epoch: number;
  readonly attempts: number;
  readonly attempted: { readonly atMs: number; readonly agoMs: number } | undefined;
};

const COLUMNS = `e.shard, e.execution, e.step, e.account, e.epoch, e.attempts, (extract(epoch from e.attempted_at) * 1000)::float8 as at,
    (extract(epoch from clock_timestamp() - e.attempted_at) * 1000)::float8 as ago`;
const OPEN = {
  name: 'executions.open-effects',
  text: `select ${COLUMNS} from unnest($1::smallint[]) s (shard) cross join lateral (select * from effect where shard = s.shard) e`,
};
const ONE = { name: 'executions.open-effect', text: `select ${COLUMNS} from effect e where e.shard = $1 and e.execution = $2 and e.step = $3` };

type Row = { shard: number; execution: string; step: number; account: string; epoch: number; attempts: number; at: number | null; ago: number | null };

const openRow = ({ execution, account, at, ago, ...row }: Row): OpenRow => ({
  ...row,
  execution: sidOfUuid('FN', execution),
  account: sidOfUuid('AC', account),
  attempted: at === null || ago === null ? undefined : { atMs: Math.round(at), agoMs: ago },
});

/** What a shard has open when it is taken over, or read again after a doubt. */
export const readOpenEffects = async (db: Database, shards: readonly number[]): Promise<readonly OpenRow[]> => {
  return (await db.query<Row>(OPEN, [column(shards)])).map(openRow);
};

/** One of them; undefined where its outcome is stored. */
export const readOpenEffect = async (db: Database, { shard, execution, step }: Pick<OpenRow, 'shard' | 'execution' | 'step'>): Promise<OpenRow | undefined> =>
  (await db.query<Row>(ONE, [shard, digits(execution), step])).map(openRow)[0];

export type Mark = { readonly shard: number; readonly execution: ExecutionSid; readonly step: number; readonly epoch: number; readonly wasAttempts: number };

// Compare-and-set: whoever read another number of attempts, or an epoch that has passed, marks nothing (W6).
const MARK = {
  name: 'executions.mark-effects',
  text: `update effect e set epoch = m.epoch, attempts = least(m.attempts + 1, 32767), attempted_at = now()
    from (select t.*, (select l.epoch from lease l where l.shard = t.shard) as current
      from rows from (unnest($1::smallint[]), unnest($2::uuid[]), unnest($3::int[]), unnest($4::int[]), unnest($5::smallint[])) t (shard, execution, step, epoch, attempts)) m
    where e.shard = m.shard and e.execution = m.execution and e.step = m.step and e.attempts = m.attempts and m.current = m.epoch
    returning e.execution, e.step`,
};

/** Marks attempts before they are made; answers those that were marked, as `execution/step`. */
export const markAttempts = async (db: Database, marks: readonly Mark[]): Promise<ReadonlySet<string>> => {
  const rows = await db.query<{ execution: string; step: number }>(MARK, [
    column(marks.map(({ shard }) => shard)),
    column(marks.map(({ execution }) => digits(execution))),
    column(marks.map(({ step }) => step)),
    column(marks.map(({ epoch }) => epoch)),
    column(marks.map(({ wasAttempts }) => wasAttempts)),
  ]);
  return new Set(rows.map(({ execution, step }) => effectName(sidOfUuid('FN', execution), step)));
};

// The number of attempts stays: it is what tells this mark from another's (W6).
const TAKE_BACK = {
  name: 'executions.take-back-attempt',
  text: 'update effect set attempted_at = null where shard = $1 and execution = $2 and step = $3 and attempts = $4 and attempted_at is not null returning step',
};

/** The attempt certainly did not happen: whoever finds the effect may attempt it at once. False where it is somebody else's by now. */
export const takeBackAttempt = async (db: Database, { shard, effect: { execution, step }, attempts }: { readonly shard: number; readonly effect: Pick<OpenRow, 'execution' | 'step'>; readonly attempts: number }): Promise<boolean> =>
  (await db.query(TAKE_BACK, [shard, digits(execution), step, attempts])).length > 0;
