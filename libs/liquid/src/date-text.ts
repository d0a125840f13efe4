import { MONTHS } from './strftime';
import { momentOfClock } from './zone';

const CLOCK = String.raw`(?<h>\d{1,2}):(?<mi>\d\d)(?::(?<s>\d\d)(?:\.\d{1,9})?)?`;
const ZONE = String.raw`(?<zone>Z|UTC|GMT|[ECMP][SD]T|[-+]\d\d:?\d\d)`;
const CLOCK_OF_DAY = `(?: ${CLOCK}(?: ?${ZONE})?)?`;
const DAY_NAME = '(?:[a-z]{3,9},? )?';

// ISO 8601 and SQL; mail headers and Twilio's REST API; as people write; as C and Java print.
const FORMS = [
  String.raw`(?<y>\d{4})-(?<mo>\d\d)-(?<d>\d\d)(?:[T ]${CLOCK}(?: ?${ZONE})?)?`,
  String.raw`${DAY_NAME}(?<d>\d{1,2}) (?<mo>[a-z]{3,9}) (?<y>\d{4})${CLOCK_OF_DAY}`,
  String.raw`${DAY_NAME}(?<mo>[a-z]{3,9}) (?<d>\d{1,2}),? (?<y>\d{4})${CLOCK_OF_DAY}`,
  String.raw`[a-z]{3} (?<mo>[a-z]{3}) (?<d>\d{1,2}) ${CLOCK}(?: ${ZONE})? (?<y>\d{4})`,
].map((form) => new RegExp(`^${form}$`, 'i'));

const CHARACTERS_MAX = 60; // the longest of these forms is shorter
const HOURS_OF: Readonly<Record<string, number>> = { EST: -5, EDT: -4, CST: -6, CDT: -5, MST: -7, MDT: -6, PST: -8, PDT: -7 };

/** The moment that a date text names; a text without a zone is read by the clocks of `zone`. Undefined where it is no date. */
export const momentOfText = (text: string, zone: string): number | undefined => {
  const meant = text.trim().replace(/\s+/g, ' ');
  if (meant.length > CHARACTERS_MAX) return undefined;
  const fields = FORMS.map((form) => form.exec(meant)?.groups).find((groups) => groups !== undefined);
  const clockMs = fields && clockOf(fields);
  if (clockMs === undefined) return undefined;
  return fields?.['zone'] === undefined ? momentOfClock(zone, clockMs) : clockMs - offsetOf(fields['zone'].toUpperCase());
};

type Fields = Readonly<Record<string, string | undefined>>;

const clockOf = ({ y, mo = '', d, h = '0', mi = '0', s = '0' }: Fields): number | undefined => {
  const month = /^\d/.test(mo) ? Number(mo) - 1 : monthOf(mo.toLowerCase());
  const numbers = [Number(y), month, Number(d), Number(h), Number(mi), Number(s)] as const;
  const ms = Date.UTC(...numbers);
  const date = new Date(ms);
  const back = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  return numbers.every((number, i) => number === back[i]) ? ms : undefined; // the 30th of February is no date
};

const monthOf = (name: string): number => MONTHS.findIndex((month) => month.toLowerCase() === name || month.slice(0, 3).toLowerCase() === name);

const offsetOf = (zone: string): number => {
  const hours = HOURS_OF[zone];
  if (hours !== undefined) return hours * 3_600_000;
  const [, sign, h, m] = /^([-+])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(h ?? 0) * 60 + Number(m ?? 0)) * 60_000;
};
