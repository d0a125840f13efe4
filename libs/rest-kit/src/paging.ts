import { z } from 'zod';
import { type EdgeRequest, pathOf } from './edge';
import { type Direction, pageToken, placeOf } from './page-token';
import { documented, invalidParameter, parameter } from './parameters';

const PAGE_SIZE_DEFAULT = 50; // Twilio's
const PAGE_SIZE_MAX = 1_000; // Twilio's; more is clamped (Unspecified by Twilio: what happens above)

const NUMBER_MAX = 2 ** 31 - 1; // no list has more pages

/** What a client asks of a list. `number` only returns to the client; the place is the cursor. */
export type PageQuery<C = unknown> = {
  readonly publicUrl: string;
  readonly path: string;
  /** The query's other parameters, repeated in the URLs of pages. */
  readonly filters: readonly (readonly [string, string])[];
  readonly size: number;
  readonly number: number;
  readonly direction: Direction;
  readonly cursor: C | undefined;
  /** The text that the cursor was read from. */
  readonly token: string | undefined;
};

/** What the store has to read: rows after the cursor in the order of the list, or before it, nearest first, when `backwards`. */
export type Scan<C> = { readonly cursor: C | undefined; readonly backwards: boolean; readonly limit: number };

export type Page<R> = { readonly rows: readonly R[]; readonly next: string | null; readonly previous: string | null };

/** Parameter of type `PageQuery<C>`. The cursor is the sort key of a row, for example `placeByTime`. */
export const Paged = (cursor: z.ZodType): ParameterDecorator => documented('query', pageParameters, parameter((request) => pageQueryOf(request, cursor)));

// For the OpenAPI document only: what is wrong with them is said in `pageQueryOf`'s words.
const pageParameters = z.object({
  PageSize: z.int().min(1).max(PAGE_SIZE_MAX).default(PAGE_SIZE_DEFAULT).describe('How many at once.'),
  Page: z.int().min(0).optional().describe('Only returns to the client.'),
  PageToken: z.string().optional().describe('From a page URL of the same list.'),
});

/** One page by keyset: inserts do not shift pages. One row more than asked for tells whether another page follows. */
export const pageOf = async <C, R>(query: PageQuery<C>, cursorOf: (row: R) => C, read: (scan: Scan<C>) => Promise<readonly R[]>): Promise<Page<R>> => {
  const backwards = query.direction === 'previous';
  const found = await read({ cursor: query.cursor, backwards, limit: query.size + 1 });
  const isMore = found.length > query.size;
  const rows = backwards ? found.slice(0, query.size).reverse() : found.slice(0, query.size);
  const token = (direction: Direction, row: R | undefined, exists: boolean) =>
    row !== undefined && exists ? pageToken(query.path, direction, cursorOf(row)) : null;
  return {
    rows,
    next: token('next', rows.at(-1), backwards || isMore),
    previous: token('previous', rows[0], query.cursor !== undefined && (!backwards || isMore)),
  };
};

const pageQueryOf = <C>(request: EdgeRequest, cursor: z.ZodType<C>): PageQuery<C> => {
  const { Page, PageSize, PageToken, ...filters } = request.query as Readonly<Record<string, string | string[]>>; // the query parser makes these
  const path = pathOf(request).replace(/\/$/, ''); // one list, one path: tokens are bound to it
  return {
    publicUrl: request.server.edge.publicUrl,
    path,
    filters: Object.entries(filters).flatMap(([name, value]) => [value].flat().map((each) => [name, each] as const)),
    size: Math.min(wholeNumber('PageSize', PageSize, 1) ?? PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX),
    number: wholeNumber('Page', Page, 0) ?? 0,
    ...placeAt(path, PageToken, cursor),
  };
};

const placeAt = <C>(path: string, token: string | string[] | undefined, cursor: z.ZodType<C>): Pick<PageQuery<C>, 'direction' | 'cursor' | 'token'> => {
  if (token === undefined || token === '') return { direction: 'next', cursor: undefined, token: undefined };
  return { ...placeOf(path, String(token), cursor), token: String(token) };
};

const wholeNumber = (name: string, text: string | string[] | undefined, min: number): number | undefined => {
  if (text === undefined || text === '') return undefined;
  const value = typeof text === 'string' && /^\d+$/.test(text) ? Math.min(Number(text), NUMBER_MAX) : NaN;
  if (!(value >= min)) throw invalidParameter(name, `expected a whole number of at least ${min}`);
  return value;
};
