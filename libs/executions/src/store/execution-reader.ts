import { type AccountSid, type ExecutionSid, type FlowSid, type JsonObject, type StepSid, sidOfUuid, stepNumberOf, stepSidOf } from '@atelier/contracts';
import { type ExecutionEvent, ENDED_REASONS } from '@atelier/engine';
import { type Clock, type Database, systemClock } from '@atelier/platform';
import { claimKey, startedAtMs } from '../ingress/keys';
import { type CreateBody, COMMAND_KIND } from '../ingress/stored-command';
import { STATUS } from '../worker/entry';
import type { Folding } from '../worker/rules';
import { column, digits, unescaped } from './columns';
import type { ExecutionQuery, ExecutionReader, ExecutionView, StepView } from './execution-reader.port';
import { RETENTION_DAYS } from './retention';

const DAY_MS = 86_400_000;

type Row = {
  sid: string; account: string; flow: string; contact: string; address: string; revision: number; initiated_by: string; status: number; reason: number | null;
  snapshot: number; created: number; updated: number;
};
const COLUMNS = `sid, account, flow, contact, address, revision, initiated_by, status, reason, snapshot,
  (extract(epoch from created_at) * 1000)::float8 as created, (extract(epoch from updated_at) * 1000)::float8 as updated`;
const ROW = { name: 'executions.row', text: `select ${COLUMNS} from execution where sid = $1` };
const SPRINTS = {
  name: 'executions.sprints',
  text: `select version, (extract(epoch from at) * 1000)::float8 as at, body from sprint where execution = $1 and version >= $2 order by version`,
};
/** A start that nobody has decided yet: its claim and its command. */
const PENDING = {
  name: 'executions.pending',
  text: `select c.body from (select distinct shard from claim where execution = $1) k
    cross join lateral (select body from command where shard = k.shard and kind = ${COMMAND_KIND.create} and execution = $1
      and pos > coalesce((select command_pos from batch where shard = k.shard order by n desc limit 1), 0)) c limit 1`,
};
/** Those of a flow ($1) between two executions ($2, $3), of each shard the first hundred in this order. */
const pendingOfFlow = (order: 'asc' | 'desc') => ({
  name: `executions.pending-of-flow-${order}`,
  text: `select c.body from command_head h
    cross join lateral (select coalesce((select command_pos from batch where shard = h.shard order by n desc limit 1), 0) as pos offset 0) p
    cross join lateral (select body from command where shard = h.shard and pos > p.pos and kind = ${COMMAND_KIND.create}
      and execution > $2 and execution < $3 order by pos ${order} limit 100) c
    where h.next > p.pos and position($1 in c.body) > 0`,
});
const PENDING_OLDEST_FIRST = pendingOfFlow('asc');
const PENDING_NEWEST_FIRST = pendingOfFlow('desc');
const [FIRST, LAST] = ['0'.repeat(32), 'f'.repeat(32)];
const HOLDER = { name: 'executions.holder', text: 'select execution from claim where key = any($1::uuid[]) limit 1' };

type SprintRow = { readonly version: number; readonly atMs: number; readonly events: readonly ExecutionEvent[] };

/** Rows and folded logs of a context's database. */
export const createExecutionReader = (db: Database, folding: Folding, clock: Clock = systemClock, visibleDays = RETENTION_DAYS): ExecutionReader => new PostgresReader(db, folding, clock, visibleDays);

class PostgresReader implements ExecutionReader {
  constructor(
    private readonly db: Database,
    private readonly folding: Folding,
    private readonly clock: Clock,
    private readonly visibleDays: number,
  ) {}

  async fetch(account: AccountSid, flow: FlowSid, sid: ExecutionSid): Promise<ExecutionView | undefined> {
    if (this.isExpired(sid)) return undefined;
    const row = await this.row(sid);
    const view = row ? viewOf(row) : await this.pending(sid);
    return view && view.account === account && view.flow === flow && row?.status !== STATUS.deleted ? view : undefined;
  }

  async list(account: AccountSid, flow: FlowSid, query: ExecutionQuery): Promise<readonly ExecutionView[]> {
    const waiting = query.status === 'ended' ? [] : await this.pendingOf(account, flow, query); // first, because what is decided meanwhile has its row then
    const rows = await this.rows(account, flow, query);
    const pending = waiting.filter(({ sid }) => !rows.some((row) => row.sid === sid));
    if (pending.length === 0) return rows;
    const forwards = query.after ? -1 : 1;
    return [...pending, ...rows].sort((a, b) => (a.sid < b.sid ? forwards : -forwards)).slice(0, query.limit);
  }

  async context(account: AccountSid, flow: FlowSid, sid: ExecutionSid): Promise<JsonObject | undefined> {
    if (!(await this.fetch(account, flow, sid))) return undefined;
    const row = await this.row(sid);
    const sprints = row ? await this.sprints(sid, row.snapshot) : await this.startOf(sid);
    return this.folding.contextOf(fromSnapshot(sprints));
  }

  async steps(account: AccountSid, flow: FlowSid, sid: ExecutionSid, { limit, before, after }: { limit: number; before?: number; after?: number }): Promise<readonly StepView[] | undefined> {
    if (!(await this.fetch(account, flow, sid))) return undefined;
    const steps = stepsOf(sid, await this.sprints(sid, 0));
    if (after !== undefined) return steps.filter(({ number }) => number > after).sort((a, b) => a.number - b.number).slice(0, limit);
    return steps.filter(({ number }) => before === undefined || number < before).sort((a, b) => b.number - a.number).slice(0, limit);
  }

  async step(account: AccountSid, flow: FlowSid, sid: ExecutionSid, step: StepSid): Promise<StepView | undefined> {
    if (!(await this.fetch(account, flow, sid))) return undefined;
    const number = stepNumberOf(sid, step);
    return stepsOf(sid, await this.sprints(sid, 0)).find((each) => each.number === number);
  }

  async stepContext(account: AccountSid, flow: FlowSid, sid: ExecutionSid, step: StepSid): Promise<JsonObject | undefined> {
    if (!(await this.fetch(account, flow, sid))) return undefined;
    const sprints = await this.sprints(sid, 0);
    const number = stepNumberOf(sid, step);
    const upTo = sprints.flatMap(({ events }) => events).findIndex((event) => event.type === 'StepTaken' && event.step === number);
    return upTo === -1 ? undefined : this.folding.contextOf(first(sprints, upTo + 1));
  }

  async twiml(account: AccountSid, flow: FlowSid, contact: string, addresses: readonly string[]): Promise<string | undefined> {
    const sid = await this.active(account, flow, contact, addresses);
    const row = sid && (await this.row(sid));
    if (!row || row.status !== STATUS.active) return undefined;
    const events = (await this.sprints(sid, row.snapshot)).flatMap((sprint) => sprint.events);
    const last = events.filter(({ type }) => type === 'WaitStarted' || type === 'StepTaken' || type === 'EffectRequested').at(-1);
    return last?.type === 'WaitStarted' ? last.twiml : undefined;
  }

  async active(account: AccountSid, flow: FlowSid, contact: string, addresses: readonly string[]): Promise<ExecutionSid | undefined> {
    const keys = addresses.map((address) => claimKey(account, flow, contact, address));
    const [row] = await this.db.query<{ execution: string }>(HOLDER, [column(keys)]);
    return row && sidOfUuid('FN', row.execution);
  }

  private isExpired(sid: ExecutionSid): boolean {
    return startedAtMs(sid) < this.clock.nowMs() - this.visibleDays * DAY_MS;
  }

  private async row(sid: ExecutionSid): Promise<Row | undefined> {
    return (await this.db.query<Row>(ROW, [digits(sid)]))[0];
  }

  private async rows(account: AccountSid, flow: FlowSid, { status, createdFromMs, createdToMs, limit, before, after }: ExecutionQuery): Promise<readonly ExecutionView[]> {
    const visibleMs = this.clock.nowMs() - this.visibleDays * DAY_MS;
    const values: unknown[] = [digits(flow), digits(account), limit, atMs(Math.max(visibleMs, createdFromMs ?? 0), '0'), atMs(createdToMs ?? MAX_MS, 'f')];
    const page = before ? ` and sid < $${values.push(digits(before))}` : after ? ` and sid > $${values.push(digits(after))}` : '';
    const state = status === 'active' ? 'status = 0' : status === 'ended' ? 'status = 1' : 'status < 2';
    const rows = await this.db.query<Row>(
      `select ${COLUMNS} from execution where flow = $1 and account = $2 and sid between $4 and $5 and ${state}${page} order by sid ${after ? 'asc' : 'desc'} limit $3`,
      values,
    );
    return rows.map(viewOf);
  }

  private async pendingOf(account: AccountSid, flow: FlowSid, { createdFromMs, createdToMs, before, after }: ExecutionQuery): Promise<readonly ExecutionView[]> {
    const bounds = [after ? digits(after) : FIRST, before ? digits(before) : LAST];
    const rows = await this.db.query<{ body: string }>(after ? PENDING_OLDEST_FIRST : PENDING_NEWEST_FIRST, [flow, ...bounds]);
    return rows.map(({ body }) => pendingView(body)).filter((view) =>
      view.account === account && view.flow === flow && view.createdAtMs >= (createdFromMs ?? 0) && view.createdAtMs <= (createdToMs ?? MAX_MS));
  }

  /** The view of a start that waits in the inbox; of one decided meanwhile, its row. */
  private async pending(sid: ExecutionSid): Promise<ExecutionView | undefined> {
    const [command] = await this.db.query<{ body: string }>(PENDING, [digits(sid)]);
    if (command) return pendingView(command.body);
    const row = await this.row(sid);
    return row && row.status !== STATUS.deleted ? viewOf(row) : undefined;
  }

  private async sprints(sid: ExecutionSid, from: number): Promise<readonly SprintRow[]> {
    const rows = await this.db.query<{ version: number; at: number; body: string }>(SPRINTS, [digits(sid), from]);
    return rows.map(({ version, at, body }) => ({ version, atMs: Math.round(at), events: JSON.parse(body || '[]') as ExecutionEvent[] })); // written by an owner's commit
  }

  /** The log of an execution as it will begin. */
  private async startOf(sid: ExecutionSid): Promise<readonly SprintRow[]> {
    const [command] = await this.db.query<{ body: string }>(PENDING, [digits(sid)]);
    if (!command) return this.sprints(sid, 0);
    const { start } = JSON.parse(command.body) as CreateBody; // written by our own ingress
    return [{ version: 0, atMs: startedAtMs(sid), events: [{ type: 'ExecutionStarted', ...start }] }];
  }
}

const MAX_MS = 2 ** 48 - 1; // the time in an execution's SID has 48 bits
const atMs = (ms: number, fill: '0' | 'f'): string => Math.min(MAX_MS, Math.max(0, Math.floor(ms))).toString(16).padStart(12, '0') + fill.repeat(20);

const viewOf = (row: Row): ExecutionView => ({
  sid: sidOfUuid('FN', row.sid),
  account: sidOfUuid('AC', row.account),
  flow: sidOfUuid('FW', row.flow),
  contact: unescaped(row.contact),
  address: unescaped(row.address),
  revision: row.revision,
  initiatedBy: unescaped(row.initiated_by),
  status: row.status === STATUS.active ? 'active' : 'ended',
  ...(row.reason !== null && { endedReason: ENDED_REASONS[row.reason] ?? 'ERROR' }),
  createdAtMs: Math.round(row.created),
  updatedAtMs: Math.round(row.updated),
});

const pendingView = (body: string): ExecutionView => {
  const { start } = JSON.parse(body) as CreateBody; // written by our own ingress
  const { execution: sid, account, flow, revision, trigger } = start;
  const ms = startedAtMs(sid);
  return { sid, account, flow, contact: trigger.contact, address: trigger.address, revision, initiatedBy: trigger.initiatedBy, status: 'active', createdAtMs: ms, updatedAtMs: ms };
};

const stepsOf = (sid: ExecutionSid, sprints: readonly SprintRow[]): readonly StepView[] =>
  sprints.flatMap(({ atMs: updatedAtMs, events }) =>
    events.flatMap((event) => {
      if (event.type !== 'StepTaken') return [];
      const { step, parentStep, by, widget, to, widgetType, enteredAtMs } = event;
      const parent = parentStep === undefined ? {} : { parentStepSid: stepSidOf(sid, parentStep) };
      return [{ sid: stepSidOf(sid, step), number: step, ...parent, name: by, from: widget, to, type: widgetType, createdAtMs: enteredAtMs, updatedAtMs }];
    }),
  );

/** From the last snapshot on: what stands before it in the same sprint is in it. */
const fromSnapshot = (sprints: readonly SprintRow[]): readonly SprintRow[] => {
  const [first, ...rest] = sprints;
  const at = first?.events.findIndex(({ type }) => type === 'SnapshotTaken') ?? -1;
  return first && at !== -1 ? [{ ...first, events: first.events.slice(at) }, ...rest] : sprints;
};

/** The log up to and including its n-th event. */
const first = (sprints: readonly SprintRow[], n: number): readonly SprintRow[] => {
  const cut: SprintRow[] = [];
  let left = n;
  for (const sprint of sprints) {
    if (left <= 0) break;
    cut.push({ ...sprint, events: sprint.events.slice(0, left) });
    left -= sprint.events.length;
  }
  return cut;
};
