/**
 * What the conditions of split-based-on mean (`spec/studio.md` 3). Subject and value come rendered; comparing ignores case and white space around them.
 */
type Test = (subject: string, value: string) => boolean;

const TIME = /^([01][0-9]|2[0-3]):[0-5][0-9]$/;
const NUMBER = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$/;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;

const normal = (text: string): string => text.trim().toLowerCase();
const listOf = (value: string): readonly string[] => value.split(',').map(normal).filter((entry) => entry !== '');

const compared = (test: Test): Test => (subject, value) => test(normal(subject), normal(value));
const not = (test: Test): Test => (subject, value) => !test(subject, value);

const equal = compared((subject, value) => subject === value);
const anyOf: Test = (subject, value) => listOf(value).includes(normal(subject));
const blank: Test = (subject) => subject.trim() === '';
const contains = compared((subject, value) => subject.includes(value));
const startsWith = compared((subject, value) => subject.startsWith(value));

/** Of two values of one kind, text with this form, that sort as their numbers or letters do; anything else does not compare. */
const ordered = <T extends string | number>(parse: (text: string) => T | undefined, test: (subject: T, value: T) => boolean): Test => (subject, value) => {
  const [left, right] = [parse(subject.trim()), parse(value.trim())];
  return left !== undefined && right !== undefined && test(left, right);
};

const numberOf = (text: string): number | undefined => (NUMBER.test(text) ? Number(text) : undefined);
const timeOf = (text: string): string | undefined => (TIME.test(text) ? text : undefined);

const dateOf = (text: string): string | undefined => {
  const [, year, month, day] = DATE.exec(text) ?? [];
  const isReal = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= daysOf(Number(year), Number(month));
  return isReal ? text : undefined;
};
const daysOf = (year: number, month: number): number => (month === 2 ? (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31);

const less = <T>(left: T, right: T): boolean => left < right;
const more = <T>(left: T, right: T): boolean => left > right;

/** The sixteen types that compare texts; `regex` is the seventeenth and needs a matcher with a limit of time. */
export const CONDITIONS: Readonly<Record<string, Test>> = {
  equal_to: equal,
  not_equal_to: not(equal),
  matches_any_of: anyOf,
  does_not_match_any_of: not(anyOf),
  is_blank: blank,
  is_not_blank: not(blank),
  contains,
  does_not_contain: not(contains),
  starts_with: startsWith,
  does_not_start_with: not(startsWith),
  less_than: ordered(numberOf, less),
  greater_than: ordered(numberOf, more),
  is_before_time: ordered(timeOf, less),
  is_after_time: ordered(timeOf, more),
  is_before_date: ordered(dateOf, less),
  is_after_date: ordered(dateOf, more),
};
