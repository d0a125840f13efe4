/**
 * What owners have parked (A12), for the people who look at it. Owns: that a retry has one effect. May assume: owners only add.
 * P1. A retry removes the parked row and enters the input again in one transaction: of two retries at once one finds nothing.
 * P2. What is entered again has a new place in the inbox: it is decided like anything that arrives now.
 * P3. What is dropped is kept aside with who dropped it: it was acknowledged once (A1).
 * P4. A create takes its claim anew; where somebody holds it by now, nothing changes and the answer is a conflict.
 */
import { type AccountSid, Rejection, sidOfUuid } from '@atelier/contracts';
import { type Clock, type Database, type Queryable, systemClock } from '@atelier/platform';
import type { Dropper } from '@atelier/rest-kit';
import { shardOf } from '../ingress/keys';
import { type CreateBody, type InputBody, type MessageBody, COMMAND_KIND } from '../ingress/stored-command';
import { wakeChannel } from '../ingress/wake';
import { digits, unescaped } from '../store/columns';
import type { ContinueInput, OutcomeInput, TimerInput } from '../worker/inputs';
import { drop } from './drop';
import { type ParkedInput, type Read, mustBeRetryable, readParked } from './parked-input';

type Row = { id: number; at: Date; shard: number; account: string | null; reason: string; body: string };
const COLUMNS = 'id::float8 as id, at, shard, account, reason, body';
const MINE = '($1::uuid is null or account = $1)';

export class ParkedInputs {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Newest first: below `before`; or above `after`, the nearest first. `scope`: what is this account's; undefined: all. */
  async list(scope: AccountSid | undefined, { limit, before, after }: { readonly limit: number; readonly before?: number; readonly after?: number }): Promise<readonly ParkedInput[]> {
    const text = `select ${COLUMNS} from parked where ${MINE} and id < $2::bigint and id > $3::bigint order by id ${after === undefined ? 'desc' : 'asc'} limit $4`;
    return (await this.db.query<Row>(text, [scope && digits(scope), before ?? Number.MAX_SAFE_INTEGER, after ?? 0, limit])).map(parkedOf);
  }

  async find(scope: AccountSid | undefined, id: number): Promise<ParkedInput | undefined> {
    const [row] = await this.db.query<Row>(`select ${COLUMNS} from parked where ${MINE} and id = $2::bigint`, [scope && digits(scope), id]);
    return row && parkedOf(row);
  }

  /** False where it was not there. Keeps P3. */
  async drop(scope: AccountSid | undefined, id: number, by: Dropper): Promise<boolean> {
    return drop(this.db, { table: 'parked', isMine: MINE, account: `'AC' || replace(account::text, '-', '')` }, scope && digits(scope), id, by);
  }

  /** Enters it again (P1). NotFound where it is gone, Conflict where it cannot be entered, ActiveExecutionExists where its claim is another's. */
  async retry(scope: AccountSid | undefined, id: number): Promise<ParkedInput> {
    const { parked, shard } = await this.db.transaction(async (tx) => {
      const row = await taken(tx, scope, id);
      if (!row) throw new Rejection('NotFound');
      const parked = parkedOf(row);
      const read = readParked(parked.body);
      mustBeRetryable(read, this.clock.nowMs());
      return { parked, shard: await entered(tx, read, parked.shard) };
    });
    await this.db.notify(wakeChannel(this.db.schema), String(shard)).catch(() => undefined); // only a hint; the owners poll
    return parked;
  }
}

const parkedOf = ({ account, reason, ...row }: Row): ParkedInput => ({ ...row, account: account === null ? undefined : sidOfUuid('AC', account), reason: unescaped(reason) });

const taken = async (on: Queryable, scope: AccountSid | undefined, id: number): Promise<Row | undefined> =>
  (await on.query<Row>(`delete from parked where ${MINE} and id = $2::bigint returning ${COLUMNS}`, [scope && digits(scope), id]))[0];

/** The shard that it was entered in. */
const entered = (tx: Queryable, read: Read, shard: number): Promise<number> => {
  switch (read.kind) {
    case 'create':
      return createEntered(tx, read.input, shard);
    case 'message':
      return messageEntered(tx, read.input);
    case 'input':
      return inputEntered(tx, read.input);
    case 'effect':
      return inputEntered(tx, outcomeCommand(read.input));
    case 'timer':
      return timerEntered(tx, read.input, read.input.dueMs);
    case 'continue':
      return timerEntered(tx, { ...read.input, step: 0 }, 0); // the timer of an execution that goes on at once
    case 'unreadable':
      throw new Rejection('Conflict');
  }
};

const createEntered = async (tx: Queryable, { start, keys }: CreateBody, shard: number): Promise<number> => {
  await tx.query('insert into claim (key, execution, shard) select key, $2::uuid, $3::smallint from unnest($1::uuid[]) key order by key on conflict (key) do nothing', [keys, digits(start.execution), shard]);
  const holders = await tx.query<{ execution: string }>('select execution from claim where key = any($1::uuid[])', [keys]);
  const other = holders.map(({ execution }) => sidOfUuid('FN', execution)).find((execution) => execution !== start.execution);
  if (other) throw new Rejection('ActiveExecutionExists', { details: { conflicting_execution_sid: other } });
  return place(tx, shard, COMMAND_KIND.create, digits(start.execution), { start, keys });
};

const messageEntered = async (tx: Queryable, { reply: _, ...body }: MessageBody): Promise<number> => {
  const { account, flow, trigger } = body.start;
  const [holder] = await tx.query<{ execution: string; shard: number }>('select execution, shard from claim where key = any($1::uuid[]) order by key = $2::uuid desc limit 1', [body.keys, body.keys[0]]);
  return place(tx, holder?.shard ?? shardOf(account, flow, trigger.contact), COMMAND_KIND.message, holder?.execution, body);
};

const inputEntered = async (tx: Queryable, { reply: _, ...body }: InputBody): Promise<number> => {
  const values = [digits(body.execution), digits(body.account)];
  const [row] = await tx.query<{ shard: number | null }>(
    `select coalesce((select shard from execution where sid = $1::uuid and account = $2::uuid), (select shard from claim where execution = $1::uuid limit 1)) as shard`,
    values,
  );
  if (typeof row?.shard !== 'number') throw new Rejection('Conflict', { message: `Execution ${body.execution} is gone; its input can only be dropped` });
  return place(tx, row.shard, COMMAND_KIND.input, values[0], body);
};

const outcomeCommand = ({ execution, account, step, outcome }: OutcomeInput): InputBody => ({ execution, account, input: { type: 'EffectOutcome', step, outcome } });

const timerEntered = async (tx: Queryable, { shard, execution, step }: Omit<TimerInput, 'from' | 'dueMs'> | (ContinueInput & { readonly step: number }), dueMs: number): Promise<number> => {
  const values = [shard, dueMs, digits(execution), step];
  await tx.query(`insert into timer (shard, due_at, execution, step) values ($1::smallint, timestamptz 'epoch' + $2::bigint * interval '1 millisecond', $3::uuid, $4::int) on conflict do nothing`, values);
  return shard;
};

// The head row is locked until the commit, so positions have no gap and are committed in order (as ingress-statements.ts).
const place = async (tx: Queryable, shard: number, kind: number, execution: string | undefined, body: object): Promise<number> => {
  await tx.query(
    `with head as (update command_head set next = next + 1 where shard = $1::smallint returning next)
      insert into command (shard, pos, kind, execution, body) select $1::smallint, next, $2::smallint, $3::uuid, $4 from head`,
    [shard, kind, execution, JSON.stringify(body)],
  );
  return shard;
};
