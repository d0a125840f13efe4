import type { Page, PageQuery } from './paging';

/** A list as Studio, Monitor and IAM answer it: `meta` with absolute URLs, which clients follow verbatim. */
export const listAnswer = <R>(query: PageQuery, page: Page<R>, key: string, present: (row: R) => object): object => {
  const url = (number: number, token?: string | null) => query.publicUrl + uriOf(query, number, token);
  return {
    [key]: page.rows.map(present),
    meta: {
      page: query.number,
      page_size: query.size,
      first_page_url: url(0),
      previous_page_url: page.previous && url(previousNumber(query), page.previous),
      url: url(query.number, query.token),
      next_page_url: page.next && url(query.number + 1, page.next),
      key,
    },
  };
};

/** A list as the v2010 API answers it: relative URIs beside the array. */
export const list2010Answer = <R>(query: PageQuery, page: Page<R>, key: string, present: (row: R) => object): object => {
  const start = query.number * query.size;
  return {
    [key]: page.rows.map(present),
    page: query.number,
    page_size: query.size,
    start,
    end: Math.max(start, start + page.rows.length - 1),
    first_page_uri: uriOf(query, 0),
    previous_page_uri: page.previous && uriOf(query, previousNumber(query), page.previous),
    uri: uriOf(query, query.number, query.token),
    next_page_uri: page.next && uriOf(query, query.number + 1, page.next),
  };
};

const previousNumber = ({ number }: PageQuery): number => Math.max(0, number - 1);

const uriOf = ({ path, filters, size }: PageQuery, number: number, token?: string | null): string => {
  const pairs: (readonly [string, string])[] = [...filters, ['PageSize', String(size)], ['Page', String(number)]];
  if (token) pairs.push(['PageToken', token]);
  return `${path}?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;
};
