/**
 * The Studio API Key is born at an account's first execution in this store: asked for after the commit that started it, without anybody waiting. A crash in
 * between loses nothing, because `lease.published` moves on only past executions whose account was asked for; the next owner asks for the rest. Every later
 * execution asks again, for the key may have been deleted meanwhile: the port's adapters remember it, so the usual answer costs nothing.
 */
import { type AccountSid, type ExecutionSid, type FlowSid, Rejection, sidOfUuid } from '@atelier/contracts';
import type { Database, Log } from '@atelier/platform';
import type { StudioKey } from '@atelier/twilio-client';
import { column } from '../store/columns';
import type { BatchRows } from './batch-rows';
import type { Taken } from './leases';

const FLUSH_EACH_MS = 1_000;

const STARTED = `select l.shard, coalesce((select last_pos from batch where shard = l.shard order by n desc limit 1), 0)::float8 as "lastPos", s.account, s.sid, s.flow
  from rows from (unnest($1::smallint[]), unnest($2::bigint[])) l (shard, after) left join lateral (
    select distinct on (e.account) e.account, e.sid, e.flow from (select execution from sprint where shard = l.shard and pos > l.after and version = 1 offset 0) p
      cross join lateral (select account, sid, flow from execution where sid = p.execution offset 0) e) s on true`;
const PUBLISHED = {
  name: 'executions.published',
  text: `update lease l set published = greatest(l.published, t.pos) from unnest($1::smallint[], $2::bigint[]) t (shard, pos) where l.shard = t.shard`,
};

type Cause = { readonly account: AccountSid; readonly executionSid: ExecutionSid; readonly flowSid: FlowSid };
type Waiting = { readonly pos: number; readonly accounts: ReadonlySet<AccountSid> };
type StartedRow = { readonly shard: number; readonly lastPos: number; readonly account: string | null; readonly sid: string; readonly flow: string };

export class StudioKeys {
  private readonly asking = new Map<AccountSid, Cause>();
  /** Positions of shards that wait for keys, in order. */
  private readonly waiting = new Map<number, Waiting[]>();
  private passed = new Map<number, number>();
  /** Shards whose former owner's starts are not looked at yet: nothing of them passes. */
  private unread = new Map<number, Taken>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: Database,
    private readonly studioKey: Pick<StudioKey, 'ensure'>,
    private readonly log: Log,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.look(), FLUSH_EACH_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.look();
  }

  /** Called after each commit. */
  committed({ started, heads }: Pick<BatchRows, 'started' | 'heads'>): void {
    const accounts = new Set<AccountSid>();
    for (const { account, sid, flow } of started) {
      accounts.add(account);
      this.ask({ account, executionSid: sid, flowSid: flow });
    }
    for (const [shard, { lastPos }] of heads) this.reached(shard, lastPos, accounts);
  }

  /** What a former owner committed and did not get to. */
  taken(shards: readonly Taken[]): void {
    for (const taken of shards) this.unread.set(taken.shard, taken);
    void this.look();
  }

  private async readTaken(): Promise<void> {
    const shards = [...this.unread.values()];
    if (shards.length === 0) return;
    const rows = await this.db.query<StartedRow>(STARTED, [column(shards.map(({ shard }) => shard)), column(shards.map(({ published }) => published))]);
    for (const taken of shards) {
      if (this.unread.get(taken.shard) === taken) this.unread.delete(taken.shard); // else it was taken once more meanwhile
      this.goOn(taken, rows.filter(({ shard }) => shard === taken.shard));
    }
  }

  private goOn({ shard, published }: Taken, rows: readonly StartedRow[]): void {
    const causes = rows.flatMap(causeIn);
    const pos = rows[0]?.lastPos ?? 0;
    if (pos > published) this.waiting.set(shard, [{ pos, accounts: new Set(causes.map(({ account }) => account)) }, ...(this.waiting.get(shard) ?? [])]);
    for (const cause of causes) this.ask(cause);
  }

  private ask(cause: Cause): void {
    if (this.asking.has(cause.account)) return;
    this.asking.set(cause.account, cause);
    this.attempt(cause);
  }

  private attempt({ account, executionSid, flowSid }: Cause): void {
    this.studioKey.ensure(account, { executionSid, flowSid }).then(
      () => void this.asking.delete(account),
      (error: unknown) => {
        if (error instanceof Rejection) return void this.asking.delete(account); // suspended or closed: none is made for it
        this.log.warn({ account, error: String(error) }, 'the Studio API Key could not be made; again in a second');
      },
    );
  }

  private reached(shard: number, pos: number, accounts: ReadonlySet<AccountSid>): void {
    const waiting = this.waiting.get(shard);
    if (!waiting && accounts.size === 0 && !this.unread.has(shard)) this.passed.set(shard, pos);
    else if (waiting) waiting.push({ pos, accounts });
    else this.waiting.set(shard, [{ pos, accounts }]);
  }

  private async look(): Promise<void> {
    await this.readTaken().catch((error: unknown) => this.log.warn({ error: String(error) }, 'starts of former owners are looked at again in a second'));
    for (const [shard, waiting] of this.waiting) {
      if (this.unread.has(shard)) continue;
      while (waiting[0] && [...waiting[0].accounts].every((account) => !this.asking.has(account))) this.passed.set(shard, waiting.shift()?.pos ?? 0);
      if (waiting.length === 0) this.waiting.delete(shard);
    }
    for (const cause of this.asking.values()) this.attempt(cause);
    const passed = this.passed;
    if (passed.size === 0) return;
    this.passed = new Map();
    await this.db.query(PUBLISHED, [column([...passed.keys()]), column([...passed.values()])]).catch(() => undefined); // only a hint of where to look again
  }
}

const causeIn = ({ account, sid, flow }: StartedRow): readonly Cause[] =>
  account === null ? [] : [{ account: sidOfUuid('AC', account), executionSid: sidOfUuid('FN', sid), flowSid: sidOfUuid('FW', flow) }];
