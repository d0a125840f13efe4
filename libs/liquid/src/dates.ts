import { Liquid as LiquidJs } from 'liquidjs';
import type { ClockedContext } from './clocked-context';
import type { Printer } from './java-text';

const DEFAULT_FORMAT = '%Y-%m-%d %H:%M:%S %z';
const HAS_ZONE = /\d:\d\d.*?(z|[+-]\d\d:?\d\d|gmt|utc|\b[a-z]{3,4}t)\s*$/i;
const strftime = new LiquidJs().filters['date'] as unknown as (this: object, value: unknown, format: string, zone: string | number) => unknown; // the library's own filter

type Moment = { readonly ms: number; readonly zone: string | number };

/** A moment that prints in a zone of its own: the result of the filter `timezone`. */
export class ZonedDate implements Printer {
  constructor(
    readonly value: unknown,
    readonly zone: string,
    private readonly context: ClockedContext,
  ) {}

  print(): string {
    return String(printDate(this.value, DEFAULT_FORMAT, this.zone, this.context));
  }
}

// Text without a zone is read in the zone in which it will be printed, as the JVM does: both are then the same clock.
const momentOf = (value: unknown, zone: string, nowMs: number): Moment | undefined => {
  if (value === 'now' || value === 'today') return { ms: nowMs, zone };
  if (typeof value === 'number' || (typeof value === 'string' && /^\s*-?\d+\s*$/.test(value))) return { ms: Number(value) * 1_000, zone };
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const ms = HAS_ZONE.test(text) ? Date.parse(text) : Date.parse(/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$/.test(text) ? isoUtc(text) : `${text} UTC`);
  return Number.isNaN(ms) ? undefined : { ms, zone: HAS_ZONE.test(text) ? zone : 'UTC' };
};

const isoUtc = (text: string): string => (text.length === 10 ? text : `${text.replace(' ', 'T')}Z`);

/** Prints a date with strftime tokens; what is no date comes back unchanged (`spec/liquid.md` 5). */
export const printDate = (value: unknown, format: unknown, zone: unknown, context: ClockedContext): unknown => {
  const source = value instanceof ZonedDate ? value : { value, zone: typeof zone === 'string' ? zone : context.options.timezone };
  const moment = momentOf(source.value, source.zone, context.nowMs);
  if (!moment) return value;
  if (format === undefined || format === null || format === '') return value;
  return strftime.call({ context }, new Date(moment.ms), String(format), moment.zone);
};
