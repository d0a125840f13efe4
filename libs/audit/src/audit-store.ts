/**
 * Records and the positions of their sources, in audit's own database.
 *
 * R1. One statement a batch: the source's position is locked, what is newer is kept, numbered per account and for the topic, inserted (A3).
 * R2. Numbers of an account have no gaps and are committed in their order, for the account's head row is locked until the commit: a reader who
 *     sees number n can read all below it. The same holds of the topic's positions (A4).
 * R3. A batch that begins behind a gap is refused as a whole.
 * R4. Locks are taken in one order (source, accounts by name, topic), so competing consumers cannot block each other for ever.
 */
import { type AccountSid, type PublicEvent, Fault, accountOfEvent } from '@atelier/contracts';
import type { Batch, DeadLetter, TopicSource } from '@atelier/bus';
import type { Database } from '@atelier/platform';
import { type Page, type PageQuery, pageOf } from '@atelier/rest-kit';
import { type AuditFilter, type AuditPlace, listStatement } from './audit-list';
import { AUDIT_LOG, publicAuditEvent } from './publish';
import { recordsOf } from './records';

/** A record as it is stored; the body is the JSON text of an AuditBody. */
export type AuditRow = {
  readonly account: AccountSid;
  readonly seq: string;
  readonly sid: string;
  readonly at: Date;
  readonly event_type: string;
  readonly actor: string | null;
  readonly resource: string;
  readonly source_ip: string | null;
  readonly body: string;
};

export const COLUMNS = 'account, seq, sid, at, event_type, actor, resource, source_ip, body';

// $1 log, $2 shard, $3 first and $4 last position of the batch, then the records. `last` and `here`: where the source stands, and where this goes on.
const append = (last: string, here: string): string => `with last as (${last}),
    here as (${here}),
    fresh as (select t.* from here, unnest($5::bigint[], $6::text[], $7::text[], $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::text[], $13::boolean[], $14::text[])
                with ordinality t (pos, account, sid, at, event_type, actor, resource, source_ip, hidden, body, n) where t.pos > here.pos),
    counted as (select account, count(*) c from fresh group by account),
    head as (insert into audit_head as h (account, seq) select account, c from counted order by account
               on conflict (account) do update set seq = h.seq + excluded.seq returning account, seq),
    topic as (update audit_log l set pos = l.pos + x.c from (select count(*) c from fresh join head using (account) having count(*) > 0) x returning l.pos - x.c as base),
    source as (update source_position p set pos = $4 from here where p.log = $1 and p.shard = $2 and p.pos < $4),
    stored as (insert into audit_record (${COLUMNS}, hidden, pos)
      select f.account, head.seq - c.c + row_number() over (partition by f.account order by f.n), f.sid, f.at, f.event_type, f.actor, f.resource, f.source_ip, f.body, f.hidden,
             topic.base + row_number() over (order by f.n)
        from fresh f join counted c using (account) join head using (account) cross join topic returning 1)
  select last.pos, (select count(*) from stored) as stored from last`;

const APPEND = {
  name: 'audit-append',
  text: append('select pos from source_position where log = $1 and shard = $2 for update', 'select pos from last where pos >= $3::bigint - 1'),
};

// An event that was given up and can be recorded now: it takes the letter's place, behind the position that moved on long ago.
const REDRIVE = {
  name: 'audit-redrive',
  text: append('delete from dead_letter where log = $1 and shard = $2 and pos = $3::bigint returning pos', 'select pos - 1 as pos from last'),
};

// The letter and the position behind it, unless somebody else has been there.
const PARK = `with moved as (update source_position set pos = $3 where log = $1 and shard = $2 and pos = $3::bigint - 1 returning pos)
  insert into dead_letter (log, shard, pos, reason, body, account) select $1, $2, pos, $4, $5, $6 from moved`;

export class AuditStore {
  private readonly listeners = new Set<(shard: number) => void>();

  constructor(readonly db: Database) {}

  /** How far a log was read; the row exists from the first question on. */
  async position(log: string, shard: number): Promise<number> {
    await this.db.query('insert into source_position (log, shard, pos) values ($1, $2, 0) on conflict do nothing', [log, shard]);
    const [row] = await this.db.query<{ pos: string }>('select pos from source_position where log = $1 and shard = $2', [log, shard]);
    return Number(row?.pos ?? 0);
  }

  /** Stores the records of a batch and the position that it reached. A gap before it is a Fault. */
  async append(batch: Batch): Promise<void> {
    const first = batch.messages[0]?.pos;
    if (first === undefined) return;
    const pos = await this.store(APPEND, batch);
    if (pos === undefined || pos < first - 1) throw new Fault(`expected ${batch.log} ${batch.shard} to go on behind ${pos ?? 'an unknown position'}, found ${first}`);
  }

  /** Stores the records of an event that was put aside, in the place of its letter; false where there is none. Throws as at the first time. */
  async redrive(event: PublicEvent): Promise<boolean> {
    return (await this.store(REDRIVE, { log: event.log, shard: event.shard, messages: [event] })) !== undefined;
  }

  /** Puts an event aside that no record can be made of, with the reason. */
  async park({ event, reason }: DeadLetter): Promise<void> {
    await this.db.query(PARK, [event.log, event.shard, event.pos, reason, JSON.stringify(event), accountOfEvent(event)]);
  }

  async find(account: AccountSid, sid: string): Promise<AuditRow | undefined> {
    return (await this.db.query<AuditRow>(`select ${COLUMNS} from audit_record where account = $1 and sid = $2`, [account, sid]))[0];
  }

  /**
   * Newest first. The first page fixes the highest number that the walk shows, so all its pages together are the records of one moment, whatever is
   * written meanwhile (keeps R2).
   */
  list(account: AccountSid, filter: AuditFilter, page: PageQuery<AuditPlace>): Promise<Page<AuditRow & { readonly bound: string }>> {
    return pageOf(
      page,
      (row: AuditRow & { readonly bound: string }): AuditPlace => [row.at.toISOString(), Number(row.seq), Number(row.bound)],
      (scan) => {
        const { text, values } = listStatement(COLUMNS, account, filter, scan);
        return this.db.query<AuditRow & { readonly bound: string }>(text, values);
      },
    );
  }

  /** Where the source stood; undefined where nothing is known of it. */
  private async store(statement: typeof APPEND, { log, shard, messages }: Pick<Batch, 'log' | 'shard' | 'messages'>): Promise<number | undefined> {
    const records = messages.flatMap((event) => recordsOf(event).map((record) => ({ ...record, pos: event.pos })));
    const [row] = await this.db.query<{ pos: string; stored: string }>(statement, [
      ...[log, shard, messages[0]?.pos, messages.at(-1)?.pos],
      records.map(({ pos }) => pos),
      records.map(({ account }) => account),
      records.map(({ sid }) => sid),
      records.map(({ at }) => at),
      records.map(({ eventType }) => eventType),
      records.map(({ actor }) => actor),
      records.map(({ resource }) => resource),
      records.map(({ sourceIp }) => sourceIp),
      records.map(({ isHidden }) => isHidden),
      records.map(({ body }) => JSON.stringify(body)),
    ]);
    if (Number(row?.stored ?? 0) > 0) for (const wake of this.listeners) wake(0);
    return row && Number(row.pos);
  }

  /** `atelier.audit.events`: every record, hidden ones too, in the order of storing. */
  readonly topic: TopicSource = {
    topic: 'atelier.audit.events',
    log: AUDIT_LOG,
    shards: 1,
    read: async (_, after, limit): Promise<readonly PublicEvent[]> => {
      const text = `select ${COLUMNS}, pos from audit_record where pos > $1 order by pos limit $2`;
      return (await this.db.query<AuditRow & { pos: string }>(text, [after, limit])).map((row) => publicAuditEvent(row, Number(row.pos)));
    },
    end: async () => Number((await this.db.query<{ pos: string }>('select pos from audit_log'))[0]?.pos ?? 0),
    onAppend: (wake) => {
      this.listeners.add(wake);
      return () => void this.listeners.delete(wake);
    },
  };
}
