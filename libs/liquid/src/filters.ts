import type { Liquid as LiquidJs } from 'liquidjs';
import { ClockedContext } from './clocked-context';
import { ZonedDate, printDate } from './dates';
import { jsonText } from './java-text';

/** The filters of Studio's engine (`spec/liquid.md` 4) with its own `to_json`, and three extras of ours. Any other name is an error. */
export const FILTERS = (
  'abs append at_least at_most capitalize ceil compact concat date default divided_by downcase escape escape_once first floor h join last lstrip map minus ' +
  'modulo newline_to_br plus prepend remove remove_first replace replace_first reverse round rstrip size slice sort sort_natural split strip strip_html ' +
  'strip_newlines times truncate truncatewords uniq upcase url_decode url_encode to_json parse_json json timezone'
).split(' ');

type Operand = { readonly value: number; readonly isWhole: boolean };

// Studio's engine trims numeric text, counts nil as 0, and raises an error for anything else.
const operand = (value: unknown): Operand => {
  if (value === null || value === undefined) return { value: 0, isWhole: true };
  if (typeof value === 'number') return { value, isWhole: Number.isInteger(value) };
  const text = typeof value === 'string' ? value.trim() : '';
  if (!/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) throw new Error(`not a number: ${JSON.stringify(value)}`);
  return { value: Number(text), isWhole: /^[-+]?\d+$/.test(text) };
};

const number = (value: unknown): number => operand(value).value;

const dividedBy = (left: unknown, right: unknown): number => {
  const [a, b] = [operand(left), operand(right)];
  if (b.value === 0) throw new Error('divided by 0');
  return a.isWhole && b.isWhole ? Math.trunc(a.value / b.value) : a.value / b.value;
};

const modulo = (left: unknown, right: unknown): number => {
  if (number(right) === 0) throw new Error('divided by 0');
  return number(left) % number(right);
};

const rounded = (value: unknown, digits: unknown): number => {
  const scale = 10 ** number(digits);
  return Math.round(number(value) * scale) / scale;
};

const parsedJson = (value: unknown): unknown => (typeof value === 'string' ? (JSON.parse(value) as unknown) : value);

type FilterThis = { readonly context: unknown };
const clockOf = (self: FilterThis): ClockedContext => {
  if (!(self.context instanceof ClockedContext)) throw new Error('a template is rendered without a clock');
  return self.context;
};

/** Replaces what differs from liquidjs, adds what it lacks, and removes what Studio's engine does not know. */
export const registerFilters = (liquid: LiquidJs): void => {
  const own: Readonly<Record<string, (this: FilterThis, value: unknown, ...args: unknown[]) => unknown>> = {
    plus: (a, b) => number(a) + number(b),
    minus: (a, b) => number(a) - number(b),
    times: (a, b) => number(a) * number(b),
    divided_by: dividedBy,
    modulo,
    abs: (a) => Math.abs(number(a)),
    ceil: (a) => Math.ceil(number(a)),
    floor: (a) => Math.floor(number(a)),
    round: (a, digits) => rounded(a, digits),
    at_least: (a, b) => Math.max(number(a), number(b)),
    at_most: (a, b) => Math.min(number(a), number(b)),
    to_json: jsonText,
    json: jsonText,
    parse_json: parsedJson,
    timezone(value, zone) {
      return new ZonedDate(value, String(zone), clockOf(this));
    },
    date(value, format, zone) {
      return printDate(value, format, zone, clockOf(this));
    },
  };
  const escape = liquid.filters['escape'];
  if (escape) liquid.filters['h'] = escape;
  for (const [name, filter] of Object.entries(own)) liquid.registerFilter(name, filter as Parameters<LiquidJs['registerFilter']>[1]); // liquidjs types `this` more widely
  for (const name of Object.keys(liquid.filters)) if (!FILTERS.includes(name)) delete liquid.filters[name];
};
