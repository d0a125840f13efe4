/**
 * Messages and the webhooks that are still to be delivered for them.
 *
 * C1. A message and its delivery are stored by one statement, grouped with whatever arrives meanwhile; the answer comes after the commit.
 * C2. Storing is repeatable: identifiers are made before, so after a lost connection the same statement is run again and stores nothing twice.
 * C3. A delivery's row goes when it is done: what is there at a start has not been finished (at least once).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AccountSid, Fault } from '@atelier/contracts';
import type { Database, Queryable } from '@atelier/platform';
import { type Page, type PageQuery, keyset, pageOf } from '@atelier/rest-kit';
import { Grouped } from './grouped';
import type { Message, Status } from './message';

/** A webhook to call: `status` tells how a message of ours fares, `inbound` that one arrived. */
export type Delivery = { readonly kind: 'status' | 'inbound'; readonly url: string; readonly method: 'GET' | 'POST'; readonly message: Message };

export type MessageRow = Message & { readonly n: string };
export type MessageFilter = { readonly to?: string | undefined; readonly from?: string | undefined; readonly sentFrom?: Date | undefined; readonly sentUntil?: Date | undefined };

type NewMessages = { readonly messages: readonly Message[]; readonly deliveries: readonly Delivery[]; readonly finished?: string };

const GROUP_MAX = 500; // a statement; more would make the first of them wait
const STORE_MS_MAX = 8_000; // less than callers wait, so that they get an answer or none, and not a guess
const RETRY_MS = 100;
const OVERDUE_MAX = 1_000; // taken over at once; the rest with the next look
const LEASE_SECONDS = 60; // a delivery that takes longer may be made twice

const COLUMNS = 'sid, account, direction, sender, recipient, service, body, media, segments, status, final_status, error_code, created_at, sent_at, updated_at';
const READ = `sid, n, account, direction, sender, recipient, service, body, media::json as media, segments, status, final_status as "finalStatus",
  error_code as "errorCode", created_at as "createdAt", sent_at as "sentAt", updated_at as "updatedAt"`;

const STORE = {
  name: 'carrier-store',
  text: `with stored as (
      insert into message (${COLUMNS})
      select ${COLUMNS} from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[], $10::text[], $11::text[], $12::int[],
        $13::timestamptz[], $14::timestamptz[], $15::timestamptz[]) with ordinality t (${COLUMNS}, i) order by i
      on conflict (sid) do nothing returning sid),
    finished as (delete from delivery where message = any($16))
    insert into delivery (message, kind, url, method, due_at)
    select d.*, now() + interval '${LEASE_SECONDS} s' from unnest($17::text[], $18::text[], $19::text[], $20::text[]) d (message, kind, url, method) join stored on stored.sid = d.message`,
};

const SETTLE = {
  name: 'carrier-settle',
  text: `update message m set status = t.status, error_code = t.error_code, updated_at = t.at
    from unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[]) t (sid, status, error_code, at) where m.sid = t.sid`,
};

const TAKE = `with taken as (update delivery set due_at = now() + interval '${LEASE_SECONDS} s'
    where message in (select message from delivery where due_at < $1::text::timestamptz order by due_at limit $2 for update skip locked) returning message, kind, url, method)
  select kind, url, method, row_to_json(m) as message from taken join lateral (select ${READ} from message where sid = taken.message) m on true order by m.n::bigint`;

type Settled = { readonly sid: string; readonly status: Status; readonly errorCode: number | null; readonly at: Date };

export class MessageStore {
  private readonly storing = new Grouped<NewMessages>((group) => this.storeAll(group), GROUP_MAX);
  private readonly settling = new Grouped<Settled>((group) => this.settleAll(group), GROUP_MAX);
  private readonly finishing = new Grouped<string>(async (sids) => void (await this.db.query('delete from delivery where message = any($1)', [sids])), GROUP_MAX);

  /** `storeMsMax`: how long a message waits for a store that is away. */
  constructor(
    private readonly db: Database,
    private readonly storeMsMax = STORE_MS_MAX,
  ) {}

  /** Stores a message, and its delivery if there is one. A Fault means that nobody knows whether it is stored. */
  store(message: Message, delivery?: Delivery): Promise<void> {
    return this.storing.add({ messages: [message], deliveries: delivery ? [delivery] : [] });
  }

  /** Stores the answers to an inbound message, and that its delivery is done. */
  storeReplies(inbound: Message, messages: readonly Message[], deliveries: readonly Delivery[]): Promise<void> {
    return this.storing.add({ messages, deliveries, finished: inbound.sid });
  }

  settle(settled: Settled): Promise<void> {
    return this.settling.add(settled);
  }

  finish(sid: string): Promise<void> {
    return this.finishing.add(sid);
  }

  /** Takes deliveries over: all of them, for what a process left behind at its end, or those whose process seems to be gone. */
  async take(which: 'all' | 'overdue'): Promise<readonly Delivery[]> {
    const [dueBefore, limit] = which === 'all' ? ['infinity', null] : ['now', OVERDUE_MAX];
    const rows = await this.db.query<Delivery & { message: RawMessage }>(TAKE, [dueBefore, limit]);
    return rows.map((row) => ({ ...row, message: dated(row.message) }));
  }

  async find(account: AccountSid, sid: string): Promise<MessageRow | undefined> {
    return (await this.db.query<MessageRow>(`select ${READ} from message where account = $1 and sid = $2`, [account, sid]))[0];
  }

  /** Newest first. */
  list(account: AccountSid, filter: MessageFilter, page: PageQuery<readonly [number]>): Promise<Page<MessageRow>> {
    const conditions = conditionsOf(account, filter);
    return pageOf(
      page,
      (row: MessageRow): readonly [number] => [Number(row.n)],
      (scan) => {
        const { where, orderBy, limit, values } = keyset(['n'], 'desc', scan, conditions.length + 1);
        const narrowed = conditions.map(([left], i) => `${left} $${i + 1}`).join(' and ');
        const text = `select ${READ} from message where ${narrowed} and ${where} order by ${orderBy} limit ${limit}`;
        return this.db.query<MessageRow>(text, [...conditions.map(([, value]) => value), ...values]);
      },
    );
  }

  /** What a phone has sent and got, oldest first: the last of it. */
  async conversation(account: AccountSid, address: string, limit: number): Promise<readonly MessageRow[]> {
    const of = (column: string, more: string) => `(select ${READ} from message where account = $1 and ${column} = $2 ${more} order by n desc limit $3)`;
    const text = `${of('sender', `and direction = 'inbound'`)} union all ${of('recipient', `and direction <> 'inbound' and final_status not in ('failed', 'undelivered')`)} order by n desc limit $3`;
    return (await this.db.query<MessageRow>(text, [account, address, limit])).reverse();
  }

  private async storeAll(group: readonly NewMessages[]): Promise<void> {
    const messages = group.flatMap((each) => each.messages);
    const deliveries = group.flatMap((each) => each.deliveries);
    const values = [
      ...messageColumns(messages),
      group.flatMap(({ finished }) => finished ?? []),
      deliveries.map(({ message }) => message.sid),
      deliveries.map(({ kind }) => kind),
      deliveries.map(({ url }) => url),
      deliveries.map(({ method }) => method),
    ];
    await persisted(() => this.db.query(STORE, values), this.storeMsMax); // keeps C2
  }

  private async settleAll(group: readonly Settled[]): Promise<void> {
    await this.db.query(SETTLE, [group.map(({ sid }) => sid), group.map(({ status }) => status), group.map(({ errorCode }) => errorCode), group.map(({ at }) => at.toISOString())]);
  }
}

const persisted = async (work: () => ReturnType<Queryable['query']>, msMax: number): Promise<void> => {
  for (const end = performance.now() + msMax; ; ) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof Fault) || performance.now() > end) throw error;
      await sleep(RETRY_MS);
    }
  }
};

const messageColumns = (messages: readonly Message[]): unknown[][] => [
  messages.map(({ sid }) => sid),
  messages.map(({ account }) => account),
  messages.map(({ direction }) => direction),
  messages.map(({ sender }) => sender),
  messages.map(({ recipient }) => recipient),
  messages.map(({ service }) => service),
  messages.map(({ body }) => body),
  messages.map(({ media }) => JSON.stringify(media)),
  messages.map(({ segments }) => segments),
  messages.map(({ status }) => status),
  messages.map(({ finalStatus }) => finalStatus),
  messages.map(({ errorCode }) => errorCode),
  messages.map(({ createdAt }) => createdAt.toISOString()), // the driver's own way of writing dates takes 3 µs each
  messages.map(({ sentAt }) => sentAt?.toISOString() ?? null),
  messages.map(({ updatedAt }) => updatedAt.toISOString()),
];

const conditionsOf = (account: AccountSid, { to, from, sentFrom, sentUntil }: MessageFilter): readonly (readonly [string, unknown])[] => {
  const asked = [['recipient =', to], ['sender =', from], ['sent_at >=', sentFrom], ['sent_at <', sentUntil]] as const;
  return [['account =', account], ...asked.filter(([, value]) => value !== undefined)];
};

type RawMessage = Omit<Message, 'createdAt' | 'sentAt' | 'updatedAt'> & { createdAt: string; sentAt: string | null; updatedAt: string };

// Inside JSON, dates are texts.
const dated = (raw: RawMessage): Message => ({ ...raw, createdAt: new Date(raw.createdAt), sentAt: raw.sentAt === null ? null : new Date(raw.sentAt), updatedAt: new Date(raw.updatedAt) });
