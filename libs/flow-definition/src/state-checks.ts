import { hasLiquid } from '@atelier/widgets';
import { listOf, objectOf, type OutlineState, type OutlineTransition, takenOf, textOf } from './outline';
import type { Finding } from './problem';

/** What looks wrong about one state. Warnings. */
type StateCheck = (state: OutlineState) => Finding[];

const splitWithoutNoMatch: StateCheck = ({ type, transitions, path }) =>
  type === 'split-based-on' && !transitions.some(({ event }) => event === 'noMatch')
    ? [{ path, message: 'has no transition for noMatch: nothing matching ends the execution', code: 'split-without-no-match' }]
    : [];

const eventTwice: StateCheck = ({ transitions }) => {
  const taken = new Set(takenOf({ transitions }));
  return transitions
    .filter((transition) => transition.event !== undefined && !taken.has(transition))
    .map(({ event, path }) => ({ path: [...path, 'event'], message: `${event} occurs twice; the first one counts`, code: 'event-twice' }));
};

type Condition = {
  readonly path: Finding['path'];
  readonly type: unknown;
  readonly value: string | undefined;
  readonly argument: string | undefined;
};

const conditionsOf = ({ path, raw }: OutlineTransition): Condition[] =>
  listOf(raw['conditions']).map((condition, i) => {
    const { type, value, arguments: args } = objectOf(condition);
    return { path: [...path, 'conditions', i], type, value: textOf(value), argument: textOf(listOf(args)[0]) };
  });

const argumentDiffers: StateCheck = ({ type, transitions, properties }) => {
  const input = textOf(properties['input']);
  if (type !== 'split-based-on' || input === undefined) return [];
  const message = 'differs from the input of the widget; the argument is what is tested';
  return transitions
    .flatMap(conditionsOf)
    .filter(({ argument }) => argument && argument !== input)
    .map(({ path }) => ({ path: [...path, 'arguments', 0], message, code: 'condition-argument-differs' }));
};

const badRegex: StateCheck = ({ type, transitions }) => {
  const patterns = type === 'split-based-on' ? transitions.flatMap(conditionsOf).filter((condition) => condition.type === 'regex') : [];
  const message = 'is not a regular expression that can be compiled; it never matches';
  return patterns
    .filter(({ value }) => value !== undefined && !hasLiquid(value) && !compiles(value))
    .map(({ path }) => ({ path: [...path, 'value'], message, code: 'invalid-regex' }));
};

/** Whether a pattern can be compiled at all; nothing is matched here, so it costs no more than its length. Java's flag for what is the case anyway may lead it. */
const compiles = (pattern: string): boolean =>
  ['iu', 'i'].some((flags) => {
    try {
      return Boolean(new RegExp(`^(?:${pattern.trim().replace(/^\(\?[iu]+\)/, '')})$`, flags));
    } catch {
      return false; // a pattern that does not compile is the answer, not a failure
    }
  });

const liquidInFunctionUrl: StateCheck = ({ type, properties, path }) =>
  type === 'run-function' && hasLiquid(textOf(properties['url']) ?? '')
    ? [{ path: [...path, 'properties', 'url'], message: 'is not rendered: the template is sent as it stands', code: 'liquid-in-function-url' }]
    : [];

export const STATE_CHECKS: readonly StateCheck[] = [splitWithoutNoMatch, eventTwice, argumentDiffers, badRegex, liquidInFunctionUrl];
