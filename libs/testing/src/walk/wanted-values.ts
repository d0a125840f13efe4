import { matchingTexts } from './matching-text';

/** Subjects that a condition may be tried on: those that should make it hold, and those that should not. The real condition decides. */
type Proposals = { readonly holding: readonly string[]; readonly failing: readonly string[] };

const OTHER = 'something else';
const NO_NUMBER = 'none';

const same = (value: string): Proposals => ({ holding: [value], failing: [OTHER] });
const anyOf = (value: string): Proposals => ({ holding: value.split(',').map((entry) => entry.trim()).filter(Boolean), failing: [OTHER] });
const within = (value: string): Proposals => ({ holding: [value, `${value} and more`], failing: [OTHER] });
const number = (value: string, step: number): Proposals => ({ holding: [String(Number(value) + step)], failing: [value.trim(), String(Number(value) - step), NO_NUMBER] });
const time = (end: string, other: string) => (value: string): Proposals => ({ holding: [end], failing: [value.trim(), other] });

const not = (propose: (value: string) => Proposals) => (value: string): Proposals => {
  const { holding, failing } = propose(value);
  return { holding: failing, failing: holding };
};

const BLANK: Proposals = { holding: ['', ' '], failing: [OTHER] };

/** By type of condition: all seventeen of `spec/studio.md` 3. */
const PROPOSALS: Readonly<Record<string, (value: string) => Proposals>> = {
  equal_to: same,
  not_equal_to: not(same),
  matches_any_of: anyOf,
  does_not_match_any_of: not(anyOf),
  is_blank: () => BLANK,
  is_not_blank: not(() => BLANK),
  regex: (value) => ({ holding: matchingTexts(value.trim()), failing: [OTHER, '', '~'] }),
  contains: within,
  does_not_contain: not(within),
  starts_with: within,
  does_not_start_with: not(within),
  less_than: (value) => number(value, -1),
  greater_than: (value) => number(value, 1),
  is_before_time: time('00:00', '23:59'),
  is_after_time: time('23:59', '00:00'),
  is_before_date: time('1970-01-01', '2999-12-31'),
  is_after_date: time('2999-12-31', '1970-01-01'),
};

export const PROPOSED_TYPES: readonly string[] = Object.keys(PROPOSALS);

/** Subjects with which a condition of this type and rendered value should hold, or should not. */
export const subjectsFor = (type: string, value: string, holds: boolean): readonly string[] => {
  const proposals = PROPOSALS[type]?.(value);
  return (holds ? proposals?.holding : proposals?.failing) ?? [];
};

/** The same value as it might stand in an answer: what a variable would type is given a form that survives. */
export const variantsOf = (text: string): readonly string[] => [...new Set([text, text.toUpperCase(), JSON.stringify(text)])];
