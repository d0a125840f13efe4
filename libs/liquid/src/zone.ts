const formatters = new Map<string, Intl.DateTimeFormat>(); // at most one per zone that exists; making one takes longer than all the rest

const formatterOf = (zone: string): Intl.DateTimeFormat => {
  const known = formatters.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    timeZoneName: 'short',
  });
  formatters.set(zone, made);
  return made;
};

/** What the clocks of a zone show at a moment: milliseconds ahead of UTC, and the zone's short name then. */
export type ZoneAt = { readonly offsetMs: number; readonly name: string };

/** Throws a RangeError where the zone is unknown. `ms` lies in the years 1 to 9999. */
export const zoneAt = (zone: string, ms: number): ZoneAt => {
  const parts = Object.fromEntries(formatterOf(zone).formatToParts(ms).map(({ type, value }) => [type, value]));
  const part = (name: string): number => Number(parts[name]);
  const clock = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return { offsetMs: clock - Math.floor(ms / 1_000) * 1_000, name: parts['timeZoneName'] ?? zone };
};

const DAY_MS = 86_400_000;

/** When a zone's clocks show this time (given as if it were UTC): the earlier of two moments; for a time that they skip, as long after. */
export const momentOfClock = (zone: string, clockMs: number): number => {
  const before = clockMs - zoneAt(zone, clockMs - DAY_MS).offsetMs;
  const after = clockMs - zoneAt(zone, clockMs + DAY_MS).offsetMs;
  return [before, after].find((ms) => ms + zoneAt(zone, ms).offsetMs === clockMs) ?? before;
};
