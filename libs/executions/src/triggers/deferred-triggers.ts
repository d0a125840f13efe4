/**
 * Trigger records that wait, because too much of their account waits in the inbox, and enters them when there is room. Owns: their order and that each is
 * answered once. May assume: entering a record twice starts one execution (its idempotency key).
 * D1. Records of an account are entered in the order in which they were deferred; accounts take turns, a slice each.
 * D2. A record is removed by the statement that stores its result. A crash before it enters the record again: a `duplicate` of the same execution.
 * D3. One door at a time enters, by a lease in the store; two that believe so at once (one was frozen) do no harm, by D2.
 */
import { randomBytes } from 'node:crypto';
import type { AccountSid, PublicEvent } from '@atelier/contracts';
import { type Database, type Log, silentLog } from '@atelier/platform';
import type { TriggerResults } from '../publish/trigger-results';
import { inRotation, slicesOf } from '../rotation';
import { keyedResult } from './keyed-result';
import { type TriggerDoors, takeOrThrottle } from './trigger-records';

const LEASE_MS = 3_000;
const IDLE_MS = 1_000; // somebody else's records, or those that a stopped door has left, are found within this
const PRESSED_MS = 25; // records wait and there is no room
const ACCOUNTS_MAX = 50; // in one turn
const SLICE = 50; // of an account in one turn

type Waiting = { readonly id: number; readonly account: AccountSid; readonly body: string };
type Entering = Waiting & { readonly event: PublicEvent };

// $1: behind which account; $2 accounts, $3 records of each. One probe for each account, however many records wait.
const TURN = {
  name: 'executions.deferred-turn',
  text: `with recursive a (account) as ((select account from deferred_trigger where account > $1 order by account limit 1)
      union all select (select d.account from deferred_trigger d where d.account > a.account order by d.account limit 1) from a where a.account is not null)
    select t.id::float8 as id, x.account, t.body from (select account from a where account is not null limit $2) x
    cross join lateral (select id, body from deferred_trigger where account = x.account order by id limit $3) t`,
};
const WAITING = { name: 'executions.deferred-among', text: 'select u.account from unnest($1::text[]) u (account) where exists (select from deferred_trigger d where d.account = u.account)' };
const LEASE = { name: 'executions.deferral', text: `update deferral set owner = $1, until = now() + $2 * interval '1 millisecond' where owner = $1 or until < now() returning owner` };

export type DeferralPorts = { readonly db: Database; readonly results: TriggerResults; readonly doors: TriggerDoors; readonly log?: Log };

export class DeferredTriggers {
  private readonly id = randomBytes(8).toString('hex');
  private running: Promise<void> | undefined;
  private isStopped = false;
  private isWoken = false;
  private wakeUp: () => void = () => undefined;
  private behind = '';

  constructor(private readonly ports: DeferralPorts) {}

  /** Which of these accounts have records that wait: later ones must wait behind them. */
  async waitingAmong(accounts: readonly AccountSid[]): Promise<ReadonlySet<string>> {
    const rows = accounts.length === 0 ? [] : await this.ports.db.query<{ account: string }>(WAITING, [accounts]);
    return new Set(rows.map(({ account }) => account));
  }

  start(): void {
    this.isStopped = false;
    this.running ??= this.run();
  }

  wake(): void {
    this.isWoken = true;
    this.wakeUp();
  }

  /** After the turn in hand. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.wakeUp();
    await this.running;
    this.running = undefined;
    await this.ports.db.query(`update deferral set owner = null, until = '-infinity' where owner = $1`, [this.id]).catch(() => undefined); // it runs out
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      this.isWoken = false; // before the look: what is deferred meanwhile wakes again
      const pauseMs = await this.turn().catch((error: unknown) => {
        (this.ports.log ?? silentLog).warn({ error: String(error) }, 'deferred trigger records wait; again in a second');
        return IDLE_MS;
      });
      if (pauseMs > 0 && !this.isStopped && !this.isWoken) await this.sleep(pauseMs);
    }
  }

  /** One slice of each account; answers how long to wait for the next. */
  private async turn(): Promise<number> {
    const { db } = this.ports;
    const waiting = await db.query<Waiting>(TURN, [this.behind, ACCOUNTS_MAX, SLICE]);
    const isRound = new Set(waiting.map(({ account }) => account)).size < ACCOUNTS_MAX;
    const isFromStart = this.behind === '';
    this.behind = isRound ? '' : (waiting.at(-1)?.account ?? '');
    if (waiting.length === 0) return isFromStart ? IDLE_MS : 0;
    if ((await db.query(LEASE, [this.id, LEASE_MS])).length === 0) return IDLE_MS;
    return (await this.enter(waiting)) > 0 ? 0 : PRESSED_MS;
  }

  private async enter(waiting: readonly Waiting[]): Promise<number> {
    const { room } = this.ports.doors.ingress;
    const taken: { readonly account: AccountSid; readonly count: number }[] = [];
    const slices: (readonly Waiting[])[] = [];
    const inOrder = [...waiting].sort((a, b) => a.id - b.id); // keeps D1
    for (const slice of slicesOf(inOrder, ({ account }) => account)) {
      const account = slice[0]?.account;
      const count = account ? room.take(account, slice.length) : 0;
      if (!account || count === 0) continue;
      taken.push({ account, count });
      slices.push(slice.slice(0, count));
    }
    try {
      return await this.entered(inRotation(slices));
    } finally {
      for (const { account, count } of taken) room.giveBack(account, count);
    }
  }

  /** How many were answered; what is throttled after all stays. */
  private async entered(records: readonly Waiting[]): Promise<number> {
    if (records.length === 0) return 0;
    const entering: readonly Entering[] = records.map((each) => ({ ...each, event: JSON.parse(each.body) as PublicEvent })); // written by the consumer
    const outcomes = await takeOrThrottle(this.ports.doors, entering.map(({ event }) => event));
    const answered = entering.flatMap(({ id, event }, i) => {
      const outcome = outcomes[i];
      return outcome === undefined || outcome === 'throttled' ? [] : [{ id, result: keyedResult(event, outcome) }];
    });
    if (answered.length > 0) await this.ports.results.entered(answered.map(({ id }) => id), answered.map(({ result }) => result));
    return answered.length;
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wakeUp(), ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        this.wakeUp = () => undefined;
        resolve();
      };
    });
  }
}
