import type { Liquid as LiquidJs } from 'liquidjs';
import { ARITHMETIC } from './arithmetic';
import { ClockedContext } from './clocked-context';
import { inZone, printDate } from './dates';
import { asText, jsonText } from './java-text';
import { LISTS } from './list-filters';
import { TEXT, TEXT_FILTERS, searching } from './text-filters';

/** The filters of Studio's engine (`spec/liquid.md` 4) with its own `to_json`, and three extras of ours. Any other name is an error. */
export const FILTERS = (
  'abs append at_least at_most capitalize ceil compact concat date default divided_by downcase escape escape_once first floor h join last ' +
  'lstrip map minus modulo newline_to_br plus prepend remove remove_first replace replace_first reverse round rstrip size slice sort ' +
  'sort_natural split strip strip_html strip_newlines times truncate truncatewords uniq upcase url_decode url_encode ' +
  'to_json parse_json json timezone'
).split(' ');

type FilterThis = { readonly context: unknown };
type Filter = (this: FilterThis, value: unknown, ...args: unknown[]) => unknown;

const contextOf = ({ context }: FilterThis): ClockedContext => {
  if (!(context instanceof ClockedContext)) throw new Error('a template is rendered without a clock');
  return context;
};

const toJson: Filter = (value) => jsonText(value);

const OWN: Readonly<Record<string, Filter>> = {
  ...ARITHMETIC,
  ...TEXT,
  ...LISTS,
  to_json: toJson,
  json: toJson,
  parse_json: (value) => (typeof value === 'string' ? (JSON.parse(value) as unknown) : value),
  date(value, format, zone) {
    return printDate(value, format, zone, contextOf(this));
  },
  timezone(value, zone) {
    return inZone(value, zone, contextOf(this));
  },
};

const isMap = (value: unknown): boolean => typeof value === 'object' && value !== null;

// Filters of liquidjs see text where Studio's engine would make text.
const onText =
  (filter: Filter): Filter =>
  function (value, ...args) {
    return filter.call(this, asText(value), ...args.map((arg) => (isMap(arg) ? asText(arg) : arg)));
  };

const onSearch =
  (filter: Filter): Filter =>
  function (...values) {
    return searching((value, ...args) => filter.call(this, value, ...args))(...values);
  };

const onElements = (filter: Filter): Filter =>
  function (value, glue) {
    return filter.call(this, Array.isArray(value) ? value.map(asText) : value, glue);
  };

// Every text and list that is made counts: a chain of filters that each make it a little longer would take minutes and fill the memory.
const counted = (filter: Filter): Filter =>
  function (...values) {
    const made = filter.call(this, ...values);
    if (typeof made === 'string' || Array.isArray(made)) contextOf(this).memoryLimit.use(made.length);
    return made;
  };

const COMPARISONS = 8; // of an element with others: what sorting costs beside the list that it makes

const sorting = (filter: Filter): Filter =>
  function (value, ...args) {
    if (Array.isArray(value)) contextOf(this).memoryLimit.use(COMPARISONS * value.length);
    return filter.call(this, value, ...args);
  };

const onListOrText = (filter: Filter): Filter =>
  function (value, ...args) {
    return filter.call(this, Array.isArray(value) ? value : asText(value), ...args);
  };

/** Replaces what differs from liquidjs, adds what it lacks, and removes what Studio's engine does not know. */
export const registerFilters = (liquid: LiquidJs): void => {
  const wrap = (name: string, wrapper: (filter: Filter) => Filter): void => {
    const filter = liquid.filters[name];
    if (typeof filter !== 'function') throw new Error(`liquidjs has no filter ${name}`);
    register(name, wrapper(filter as Filter)); // liquidjs types `this` more widely
  };
  const register = (name: string, filter: Filter): void => liquid.registerFilter(name, filter as Parameters<LiquidJs['registerFilter']>[1]);

  for (const name of TEXT_FILTERS) wrap(name, onText);
  for (const name of ['remove', 'remove_first', 'replace', 'replace_first']) wrap(name, onSearch);
  wrap('join', onElements);
  wrap('slice', onListOrText);
  for (const name of ['sort', 'sort_natural']) wrap(name, sorting);
  for (const [name, filter] of Object.entries(OWN)) register(name, filter);
  for (const name of Object.keys(liquid.filters)) if (!FILTERS.includes(name)) delete liquid.filters[name];
  for (const name of FILTERS) wrap(name, counted);
};
