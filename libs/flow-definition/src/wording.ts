import { WIDGETS, WORDS } from '@atelier/widgets';
import type { z } from 'zod';
import { anyState } from './definition-schema';
import { type Finding, type Path, valueAt } from './problem';

/**
 * From zod's issues to the words of the JVM validator that Studio's clients know (`spec/studio.md` 2.5). zod calls an absent property a
 * wrong type; the value at the path tells the two apart.
 */
type Issue = z.core.$ZodIssue;
type Of<C extends Issue['code']> = Extract<Issue, { code: C }>;
type Where = { readonly root: unknown; readonly path: Path; readonly value: unknown };

/** The findings that zod's issues amount to. `root` is the value they were found in. */
export const findingsOf = (issues: readonly Issue[], root: unknown, base: Path = []): Finding[] =>
  issues.flatMap((issue) => {
    const path = [...base, ...(issue.path as Path)]; // JSON has no symbols as keys
    const where = { root, path, value: valueAt(root, path) };
    const toFindings = FINDINGS[issue.code] as (issue: Issue, where: Where) => Finding[]; // the key and the argument carry the same code
    return toFindings(issue, where);
  });

const FINDINGS: { readonly [C in Issue['code']]: (issue: Of<C>, where: Where) => Finding[] } = {
  invalid_type: ({ expected }, where) => wrongType(where, expected),
  invalid_value: ({ values }, where) => {
    if (typeof where.value !== 'string' && values.every((v) => typeof v === 'string')) return wrongType(where, 'string');
    return say(where, values.length === 1 ? WORDS.constant(values[0]) : WORDS.notIn(values));
  },
  too_big: ({ origin, maximum }, where) => say(where, (LIMIT_WORDS[origin]?.max ?? WORDS.maximum)(maximum)),
  too_small: ({ origin, minimum }, where) => say(where, (LIMIT_WORDS[origin]?.min ?? WORDS.minimum)(minimum)),
  invalid_format: (issue, where) => say(where, WORDS.regex(patternOf(issue))),
  invalid_union: (issue, where) =>
    issue.discriminator === undefined ? issue.errors.flatMap((errors) => findingsOf(errors, where.root, where.path)) : unknownType(where),
  custom: ({ message }, where) => say(where, message),
  not_multiple_of: ({ divisor }, where) => say(where, `must be multiple of ${divisor}`),
  unrecognized_keys: ({ message }, where) => say(where, message),
  invalid_key: ({ message }, where) => say(where, message),
  invalid_element: ({ message }, where) => say(where, message),
};

type LimitWords = { readonly min: (n: number | bigint) => string; readonly max: (n: number | bigint) => string };
const LIMIT_WORDS: Readonly<Record<string, LimitWords>> = {
  string: { min: WORDS.longer, max: WORDS.shorter },
  array: { min: WORDS.itemsMin, max: WORDS.itemsMax },
};

/** zod prints a pattern with its slashes. */
const patternOf = (issue: Of<'invalid_format'>): string => ('pattern' in issue ? String(issue.pattern) : issue.format).replace(/^\/|\/[a-z]*$/g, '');

const say = ({ path }: Where, message: string): Finding[] => [{ path, message }];

const wrongType = ({ path, value }: Where, expected: string): Finding[] => {
  if (value === undefined) return [{ path, message: WORDS.missing }];
  const wanted = TYPE_NAMES[expected] ?? expected;
  return [{ path, message: `${typeName(value)} found, ${wanted} expected`, expected: wanted }];
};

// Every number in a definition is an integer; zod says `number` where the value is no number at all.
const TYPE_NAMES: Readonly<Record<string, string>> = { int: 'integer', number: 'integer', record: 'object' };

const typeName = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
};

/** The type of a state is unknown; what else is wrong with it is said too. The issue stands at the `type`. */
const unknownType = ({ root, path, value }: Where): Finding[] => {
  const state = path.slice(0, -1);
  const others = findingsOf(anyState.safeParse(valueAt(root, state)).error?.issues ?? [], root, state);
  return typeof value === 'string' ? [{ path, message: WORDS.notIn(WIDGETS.map(({ type }) => type)), code: 'unknown-type' }, ...others] : others;
};
