import { z } from 'zod';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number): string => String(n).padStart(2, '0');

/** `2017-11-06T12:00:00Z`: Studio, Monitor, IAM. Milliseconds are cut off; the official client parses with that mask. */
export const isoSeconds = (date: Date | string): string => `${new Date(date).toISOString().slice(0, 19)}Z`;

/** `Mon, 13 Jun 2016 22:50:08 +0000`: the v2010 API. */
export const rfc2822 = (date: Date | string): string => {
  const d = new Date(date);
  const day = `${DAYS[d.getUTCDay()]}, ${two(d.getUTCDate())} ${MONTHS[d.getUTCMonth()]} ${d.getUTCFullYear()}`;
  return `${day} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} +0000`;
};

// A `+` that the client forgot to encode arrives as a space.
const FILTER = /^(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+ -]\d{2}:\d{2}))?$/;

/** A date filter: `YYYY-MM-DD` (midnight UTC) or a time with `Z` or an offset. Undefined where it is neither, or no such day exists. */
export const parseDate = (text: string): Date | undefined => {
  const [, year, month, day] = FILTER.exec(text) ?? [];
  if (Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()) return undefined;
  const date = new Date(year === undefined ? NaN : text.replace(' ', '+'));
  return Number.isNaN(date.getTime()) ? undefined : date;
};

/** The same as a parameter of a form or query. */
export const dateFilter = z.string().transform((text, context): Date => {
  const date = parseDate(text);
  if (date) return date;
  context.addIssue({ code: 'custom', message: 'expected YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ' });
  return z.NEVER;
});
