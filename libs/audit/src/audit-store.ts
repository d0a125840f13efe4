import type { Database } from '@atelier/platform';
import { type Page, type PageQuery, keyset, pageOf } from '@atelier/rest-kit';
import type { AuditRecord } from './records';

/** A record as it is read: the body is JSON text. */
export type AuditRow = {
  readonly account: string;
  readonly seq: string;
  readonly sid: string;
  readonly at: Date;
  readonly event_type: string;
  readonly actor: string | null;
  readonly resource: string;
  readonly source_ip: string | null;
  readonly body: string;
};

/** What a list may be narrowed by; dates are inclusive but for `before`. */
export type AuditFilter = {
  readonly column?: { readonly name: 'actor' | 'event_type' | 'resource' | 'source_ip'; readonly value: string } | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly before?: Date | undefined;
};

export type AuditPlace = readonly [at: string, seq: number];

const COLUMNS = 'account, seq, sid, at, event_type, actor, resource, source_ip, body';

/**
 * One statement a batch (A3): locks the source's position, keeps what is newer, numbers it per account without a gap, inserts. Positions of
 * events that make no record travel along, so that the source moves on. Competing and repeated deliveries find nothing newer.
 */
const APPEND = {
  name: 'audit-append',
  text: `with last as (select pos from source_position where log = $1 and shard = $2 for update),
    fresh as (select t.* from last, unnest($3::bigint[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
                t (pos, account, sid, at, event_type, actor, resource, source_ip, body) where t.pos > last.pos),
    n as (select account, count(*) n from fresh group by account),
    head as (insert into audit_head as h (account, seq) select account, n from n order by account
               on conflict (account) do update set seq = h.seq + excluded.seq returning account, seq),
    src as (update source_position p set pos = greatest(p.pos, $12::bigint) where p.log = $1 and p.shard = $2)
  insert into audit_record (${COLUMNS})
  select f.account, head.seq - n.n + row_number() over (partition by f.account order by f.pos), f.sid, f.at, f.event_type, f.actor, f.resource, f.source_ip, f.body
    from fresh f join n using (account) join head using (account)`,
};

export class AuditStore {
  constructor(private readonly db: Database) {}

  /** How far a log was read; the row exists from the first question on. */
  async position(log: string, shard: number): Promise<number> {
    await this.db.query('insert into source_position (log, shard, pos) values ($1, $2, 0) on conflict do nothing', [log, shard]);
    const [row] = await this.db.query<{ pos: string }>('select pos from source_position where log = $1 and shard = $2', [log, shard]);
    return Number(row?.pos ?? 0);
  }

  /** Stores the records of a batch and the position that it reached. */
  async append(log: string, shard: number, upTo: number, records: readonly (AuditRecord & { readonly pos: number })[]): Promise<void> {
    await this.db.query(APPEND, [
      log,
      shard,
      records.map(({ pos }) => pos),
      records.map(({ account }) => account),
      records.map(({ sid }) => sid),
      records.map(({ at }) => at),
      records.map(({ eventType }) => eventType),
      records.map(({ actor }) => actor),
      records.map(({ resource }) => resource),
      records.map(({ sourceIp }) => sourceIp),
      records.map(({ body }) => JSON.stringify(body)),
      upTo,
    ]);
  }

  async find(account: string, sid: string): Promise<AuditRow | undefined> {
    return (await this.db.query<AuditRow>(`select ${COLUMNS} from audit_record where account = $1 and sid = $2`, [account, sid]))[0];
  }

  /** Newest first. Records that come while a client pages are newer than its place, so it neither repeats nor misses any. */
  list(account: string, filter: AuditFilter, page: PageQuery<AuditPlace>): Promise<Page<AuditRow>> {
    const conditions = [
      ['account =', account],
      ...(filter.column ? [[`${filter.column.name} =`, filter.column.value] as const] : []),
      ...(filter.from ? [['at >=', filter.from] as const] : []),
      // Whole seconds are what clients can name, so an inclusive bound takes the whole second.
      ...(filter.to ? [['at <', new Date(filter.to.getTime() + 1_000)] as const] : []),
      ...(filter.before ? [['at <', filter.before] as const] : []),
    ] as const;
    return pageOf(
      page,
      (row: AuditRow): AuditPlace => [row.at.toISOString(), Number(row.seq)],
      (scan) => {
        const { where, orderBy, limit, values } = keyset(['at', 'seq'], 'desc', scan, conditions.length + 1);
        const narrowed = conditions.map(([left], i) => `${left} $${i + 1}`).join(' and ');
        const text = `select ${COLUMNS} from audit_record where ${narrowed} and ${where} order by ${orderBy} limit ${limit}`;
        return this.db.query<AuditRow>(text, [...conditions.map(([, value]) => value), ...values]);
      },
    );
  }
}
