import { type Scan, keyset } from '@atelier/rest-kit';

/** What a list may be narrowed by: at most one column, and dates: `from` and `to` inclusive, `before` not. */
export type AuditFilter = {
  readonly column?: { readonly name: 'actor' | 'event_type' | 'resource' | 'source_ip'; readonly value: string } | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly before?: Date | undefined;
};

/** Where a page begins: date and number of a record, and the highest number that the walk shows. */
export type AuditPlace = readonly [at: string, seq: number, bound: number];

const HIGHEST = 'coalesce($2::bigint, (select seq from audit_head where account = $1), 0)';

/** One page as one statement; every row carries the walk's bound. */
export const listStatement = (columns: string, account: string, filter: AuditFilter, scan: Scan<AuditPlace>): { text: string; values: unknown[] } => {
  const conditions = conditionsOf(filter);
  const [at, seq, bound] = scan.cursor ?? [];
  const cursor = at === undefined ? undefined : [at, seq];
  const page = keyset(['at', 'seq'], 'desc', { ...scan, cursor }, 3 + conditions.length);
  const narrowed = conditions.map(([left], i) => ` and ${left} $${3 + i}`).join('');
  const shown = filter.column?.name === 'event_type' ? '' : ' and not hidden';
  return {
    text: `select ${columns}, ${HIGHEST} as bound from audit_record
      where account = $1 and seq <= ${HIGHEST}${narrowed}${shown} and ${page.where} order by ${page.orderBy} limit ${page.limit}`,
    values: [account, bound ?? null, ...conditions.map(([, value]) => value), ...page.values],
  };
};

const conditionsOf = ({ column, from, to, before }: AuditFilter): (readonly [string, string | Date])[] => [
  ...(column ? [[`${column.name} =`, column.value] as const] : []),
  ...(from ? [['at >=', from] as const] : []),
  ...(to ? [['at <=', to] as const] : []),
  ...(before ? [['at <', before] as const] : []),
];
