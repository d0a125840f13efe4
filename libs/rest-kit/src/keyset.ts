import { z } from 'zod';
import type { Scan } from './paging';

export type KeysetSql = { readonly where: string; readonly orderBy: string; readonly limit: string; readonly values: readonly unknown[] };

/**
 * SQL of a keyset page over columns that identify a row, all in one direction: `where ${where} order by ${orderBy} limit ${limit}`.
 * Parameters are numbered from `first`. Columns are written into the text: constants of ours, never input.
 */
export const keyset = (columns: readonly string[], order: 'asc' | 'desc', scan: Scan<readonly unknown[]>, first: number): KeysetSql => {
  const direction = scan.backwards ? (order === 'asc' ? 'desc' : 'asc') : order;
  const cursor = scan.cursor ?? [];
  const parameters = cursor.map((_, i) => `$${first + i}`).join(', ');
  return {
    where: scan.cursor ? `(${columns.join(', ')}) ${direction === 'asc' ? '>' : '<'} (${parameters})` : 'true',
    orderBy: columns.map((column) => `${column} ${direction}`).join(', '),
    limit: `$${first + cursor.length}`,
    values: [...cursor, scan.limit],
  };
};

const TIME_CHARACTERS_MAX = 30; // an ISO time may have any number of digits, PostgreSQL's has six after the point

/** A time in a cursor that the database can read, whoever made the token. It knows no year 0. */
export const cursorTime = z.iso.datetime().refine((time) => time.length <= TIME_CHARACTERS_MAX && !time.startsWith('0000'));

/** The place of a row in a list that is ordered by time: the time and an identifier. */
export const placeByTime = z.tuple([cursorTime, z.string().regex(/^[A-Z]{2}[0-9a-f]{32}$/)]);
