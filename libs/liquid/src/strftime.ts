import { zoneAt } from './zone';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
export const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const DAY_MS = 86_400_000;

/** A moment as its zone's clocks show it; `clock` is read in UTC. */
type Shown = { readonly ms: number; readonly clock: Date; readonly offsetMs: number; readonly zone: string };

const two = (value: number): string => String(value).padStart(2, '0');
const hour12 = ({ clock }: Shown): number => clock.getUTCHours() % 12 || 12;
const dayOfYear = ({ clock }: Shown): number => Math.floor((clock.getTime() - Date.UTC(clock.getUTCFullYear(), 0, 1)) / DAY_MS);
// Days before the year's first such weekday are in week 0.
const week = (shown: Shown, firstWeekday: number): string => {
  const daysSinceFirst = (shown.clock.getUTCDay() + 7 - firstWeekday) % 7;
  return two(Math.floor((dayOfYear(shown) + 7 - daysSinceFirst) / 7));
};

const offset = ({ offsetMs }: Shown): string => {
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  return `${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
};

// The documented tokens, and those of Studio's engine beside them. `%c`, `%x`, `%X` print as there, so a host's locale changes nothing.
const TOKENS: Readonly<Record<string, (shown: Shown) => string>> = {
  a: ({ clock }) => dayName(clock).slice(0, 3),
  A: ({ clock }) => dayName(clock),
  b: ({ clock }) => monthName(clock).slice(0, 3),
  h: ({ clock }) => monthName(clock).slice(0, 3),
  B: ({ clock }) => monthName(clock),
  c: (shown) => print('%a %b %d %H:%M:%S %Y', shown),
  d: ({ clock }) => two(clock.getUTCDate()),
  e: ({ clock }) => String(clock.getUTCDate()),
  F: (shown) => print('%Y-%m-%d', shown),
  H: ({ clock }) => two(clock.getUTCHours()),
  I: (shown) => two(hour12(shown)),
  j: (shown) => String(dayOfYear(shown) + 1).padStart(3, '0'),
  k: ({ clock }) => String(clock.getUTCHours()),
  l: (shown) => String(hour12(shown)),
  m: ({ clock }) => two(clock.getUTCMonth() + 1),
  M: ({ clock }) => two(clock.getUTCMinutes()),
  p: ({ clock }) => (clock.getUTCHours() < 12 ? 'AM' : 'PM'),
  s: ({ ms }) => String(Math.floor(ms / 1_000)),
  S: ({ clock }) => two(clock.getUTCSeconds()),
  T: (shown) => print('%H:%M:%S', shown),
  u: ({ clock }) => String(clock.getUTCDay() || 7),
  U: (shown) => week(shown, 0),
  w: ({ clock }) => String(clock.getUTCDay()),
  W: (shown) => week(shown, 1),
  x: (shown) => print('%m/%d/%y', shown),
  X: (shown) => print('%H:%M:%S', shown),
  y: ({ clock }) => two(clock.getUTCFullYear() % 100),
  Y: ({ clock }) => String(clock.getUTCFullYear()).padStart(4, '0'),
  z: offset,
  Z: ({ zone }) => zone,
  '%': () => '%',
};

const dayName = (clock: Date): string => DAYS[clock.getUTCDay()] ?? '';
const monthName = (clock: Date): string => MONTHS[clock.getUTCMonth()] ?? '';

// `%-d` drops the zeros in front: an extra of ours, of use to new flows. An unknown token stays as it is.
const print = (format: string, shown: Shown): string =>
  format.replace(/%(-?)([A-Za-z%])/g, (token, bare: string, letter: string) => {
    const text = Object.hasOwn(TOKENS, letter) ? (TOKENS[letter]?.(shown) ?? token) : token;
    return bare ? text.replace(/^0+(?=\d)/, '') : text;
  });

/** Prints a moment of the years 1 to 9999 with strftime's tokens, in English, as a zone's clocks show it. RangeError where the zone is unknown. */
export const strftime = (format: string, ms: number, zone: string): string => {
  const { offsetMs, name } = zoneAt(zone, ms);
  return print(format, { ms, clock: new Date(ms + offsetMs), offsetMs, zone: name });
};
