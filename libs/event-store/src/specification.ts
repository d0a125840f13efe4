import { Rejection } from '@atelier/contracts';
import { type Decider, type Message, decideWith, fold } from './decider';

type Outcome<E> = { readonly events: readonly E[] } | { readonly rejection: unknown };

/** A command was given; what it caused is looked at when a `then` is called. Differences are thrown, so that any test runner shows them. */
export type Specified<E> = {
  then(...expected: readonly E[]): void;
  thenNothing(): void;
  /** The name of the Rejection. */
  thenRejected(name: Rejection['name']): void;
  /** What was caused, for expectations of another kind. */
  events(): readonly E[];
};

/** Tests of a decider read like the rule they protect: `given(...events).when(command).then(...events)`. Time and identifiers are in the command. */
export const specification = <C extends Message, E extends Message, S>(decider: Decider<C, E, S>) => ({
  given: (...history: readonly E[]) => ({
    when: (command: C): Specified<E> => {
      const outcome = outcomeOf(decider, history, command);
      return {
        then: (...expected) => same(expected, eventsOf(outcome)),
        thenNothing: () => same([], eventsOf(outcome)),
        thenRejected: (name) => same(name, 'rejection' in outcome && outcome.rejection instanceof Rejection ? outcome.rejection.name : outcome),
        events: () => eventsOf(outcome),
      };
    },
  }),
});

// The state is frozen before the decision, for `decide` only reads it.
const outcomeOf = <C extends Message, E extends Message, S>(decider: Decider<C, E, S>, history: readonly E[], command: C): Outcome<E> => {
  const state = Object.freeze(fold(decider, history));
  try {
    return { events: decideWith(decider, command, state) };
  } catch (rejection) {
    return { rejection };
  }
};

const eventsOf = <E>(outcome: Outcome<E>): readonly E[] => {
  if ('rejection' in outcome) throw outcome.rejection;
  return outcome.events;
};

const same = (expected: unknown, found: unknown): void => {
  const [left, right] = [text(expected), text(found)];
  if (left !== right) throw new Error(`expected ${left}\nfound    ${right}`);
};

// Keys in the order of their names: two facts are the same whatever order they were written in.
const text = (value: unknown): string => JSON.stringify(value, (_, each: unknown) => (isRecord(each) ? Object.fromEntries(Object.entries(each).sort()) : each), 1);
const isRecord = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
