import type { ClockedContext } from './clocked-context';
import { momentOfText } from './date-text';
import { Printer, asText } from './java-text';
import { strftime } from './strftime';

const DEFAULT_FORMAT = '%Y-%m-%d %H:%M:%S %z';
const FORMAT_CHARACTERS_MAX = 1_000; // each token may print thirty; a longer one is no format
const SECONDS = /^\s*-?\d+(\.\d+)?\s*$/;
const [FIRST_MS, LAST_MS] = [Date.UTC(1_000, 0, 1), Date.UTC(9_999, 0, 1)]; // years of four digits

/** A moment that prints in a zone of its own: the result of the filter `timezone`. */
export class ZonedDate extends Printer {
  constructor(
    readonly ms: number,
    readonly zone: string,
  ) {
    super();
  }

  print(): string {
    return strftime(DEFAULT_FORMAT, this.ms, this.zone);
  }
}

const momentOf = (value: unknown, zone: string, nowMs: number): number | undefined => {
  if (value === 'now' || value === 'today') return nowMs;
  const ms = typeof value === 'number' || (typeof value === 'string' && SECONDS.test(value)) ? Number(value) * 1_000 : textMoment(value, zone);
  return ms !== undefined && ms >= FIRST_MS && ms <= LAST_MS ? ms : undefined;
};

const textMoment = (value: unknown, zone: string): number | undefined => (typeof value === 'string' ? momentOfText(value, zone) : undefined);

/** Prints a date with strftime tokens; what is no date, and what has no format, comes back unchanged (`spec/liquid.md` 5). */
export const printDate = (value: unknown, format: unknown, zone: unknown, { options, nowMs }: ClockedContext): unknown => {
  const tokens = asText(format);
  if (tokens.trim() === '') return value;
  if (tokens.length > FORMAT_CHARACTERS_MAX) throw new Error(`a date format of more than ${FORMAT_CHARACTERS_MAX} characters`);
  if (value instanceof ZonedDate) return strftime(tokens, value.ms, typeof zone === 'string' ? zone : value.zone);
  const ms = momentOf(value, options.timezone, nowMs);
  return ms === undefined ? value : strftime(tokens, ms, typeof zone === 'string' ? zone : options.timezone);
};

/** The same moment, to be printed by the clocks of another zone; a text without a zone was meant in that one. */
export const inZone = (value: unknown, zone: unknown, { nowMs }: ClockedContext): unknown => {
  const ms = value instanceof ZonedDate ? value.ms : momentOf(value, asText(zone), nowMs);
  return ms === undefined ? value : new ZonedDate(ms, asText(zone));
};
