import { type AccountSid, type FlowSid, type RevisionName, Rejection } from '@atelier/contracts';
import type { Queryable } from '@atelier/platform';
import { type Page, type PageQuery, keyset, pageOf } from '@atelier/rest-kit';
import type { FlowStatus } from './flow.events';

/** A revision with what is known of its flow; texts only where one revision is asked for. */
export type RevisionRow = {
  readonly sid: FlowSid;
  readonly account_sid: AccountSid;
  readonly author_sid: string | null;
  readonly revision: number;
  readonly status: FlowStatus;
  readonly friendly_name: string;
  readonly commit_message: string | null;
  readonly valid: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
  /** The place in the list of flows: `updated_at` with all its digits. */
  readonly place: string;
};

/** `report` is JSON with `errors` and `warnings`, null where there are none. */
export type FullRevisionRow = RevisionRow & { readonly definition: string; readonly report: string | null };

export type FlowPlace = readonly [updatedAt: string, sid: string];

const PLACE = `to_char(f.updated_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const COLUMNS = `r.flow_sid as sid, r.account_sid, r.author_sid, r.revision, r.status, r.friendly_name, r.commit_message, r.valid,
  ${PLACE} as place`;
const FLOW_DATES = 'f.created_at, f.updated_at';
const REVISION_DATES = 'r.created_at, r.created_at as updated_at';
const TEXTS = 'd.body as definition, p.body as report';
const FLOWS = 'flow f join flow_revision r on r.flow_sid = f.sid';
const WITH_TEXTS = 'join flow_text d on d.sha256 = r.definition_sha256 left join flow_text p on p.sha256 = r.report_sha256';

/** What REST reads of flows. A flow of another account, and a deleted one, is not there. */
export class FlowTables {
  constructor(private readonly db: Queryable) {}

  /** A flow as its latest revision, or as the one that a save just made. */
  async flow(account: AccountSid, sid: FlowSid, revision?: number): Promise<FullRevisionRow> {
    const text = `select ${COLUMNS}, ${FLOW_DATES}, ${TEXTS} from ${FLOWS} and r.revision = coalesce($3, f.latest) ${WITH_TEXTS} where f.sid = $1 and f.account_sid = $2`;
    return one(await this.db.query<FullRevisionRow>(text, [sid, account, revision ?? null]));
  }

  async revision(account: AccountSid, sid: FlowSid, name: RevisionName): Promise<FullRevisionRow> {
    const number = name === 'LatestRevision' ? 'f.latest' : name === 'LatestPublished' ? 'f.latest_published' : '$3::int';
    const text = `select ${COLUMNS}, ${REVISION_DATES}, ${TEXTS} from ${FLOWS} and r.revision = ${number} ${WITH_TEXTS} where f.sid = $1 and f.account_sid = $2`;
    return one(await this.db.query<FullRevisionRow>(text, [sid, account, ...(typeof name === 'number' ? [name] : [])]));
  }

  /** Flows, the last changed first. */
  flows(account: AccountSid, page: PageQuery<FlowPlace>): Promise<Page<RevisionRow>> {
    return pageOf(
      page,
      (row: RevisionRow): FlowPlace => [row.place, row.sid],
      (scan) => {
        const { where, orderBy, limit, values } = keyset(['f.updated_at', 'f.sid'], 'desc', scan, 2);
        const text = `select ${COLUMNS}, ${FLOW_DATES} from ${FLOWS} and r.revision = f.latest where f.account_sid = $1 and ${where} order by ${orderBy} limit ${limit}`;
        return this.db.query<RevisionRow>(text, [account, ...values]);
      },
    );
  }

  /** Revisions of a flow, newest first. */
  async revisions(account: AccountSid, sid: FlowSid, page: PageQuery<readonly [number]>): Promise<Page<RevisionRow>> {
    await this.assertPresent(account, sid); // 404 also beyond the last page
    return pageOf(
      page,
      (row: RevisionRow): readonly [number] => [row.revision],
      (scan) => {
        const { where, orderBy, limit, values } = keyset(['r.revision'], 'desc', scan, 2);
        const text = `select ${COLUMNS}, ${REVISION_DATES} from ${FLOWS} where f.sid = $1 and ${where} order by ${orderBy} limit ${limit}`;
        return this.db.query<RevisionRow>(text, [sid, ...values]);
      },
    );
  }

  async assertPresent(account: AccountSid, sid: FlowSid): Promise<void> {
    one(await this.db.query('select 1 from flow where sid = $1 and account_sid = $2', [sid, account]));
  }

  async testUsers(account: AccountSid, sid: FlowSid): Promise<readonly string[]> {
    const rows = await this.db.query<{ test_users: string[] }>('select test_users from flow where sid = $1 and account_sid = $2', [sid, account]);
    return one(rows).test_users;
  }

  /** Widgets of the revisions that subflow references mean; those that are not known are left out. Key: see `referenceKey`. */
  async widgets(account: AccountSid, references: readonly SubflowReference[]): Promise<ReadonlyMap<string, number>> {
    if (references.length === 0) return new Map();
    const rows = await this.db.query<{ key: string; widgets: number }>(
      `select distinct reference.key, r.widgets
         from json_to_recordset($2::json) as reference (key text, sid text, revision text)
         join flow f on f.sid = reference.sid and f.account_sid = $1
         join flow_revision r on r.flow_sid = f.sid and r.revision::text =
           case reference.revision when 'LatestPublished' then f.latest_published::text
             when 'LatestRevision' then f.latest::text when 'LatestDraft' then f.latest::text else reference.revision end`,
      [account, JSON.stringify(references.map(({ sid, revision }) => ({ key: referenceKey(sid, revision), sid: sid.slice(0, 2) + sid.slice(2).toLowerCase(), revision })))],
    );
    return new Map(rows.map(({ key, widgets }) => [key, widgets]));
  }
}

export type SubflowReference = { readonly sid: string; readonly revision: string };
export const referenceKey = (sid: string, revision: string): string => `${sid} ${revision}`;

const one = <R>([row]: readonly R[]): R => {
  if (row === undefined) throw new Rejection('NotFound');
  return row;
};
