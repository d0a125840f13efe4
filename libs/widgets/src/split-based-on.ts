import { CONDITIONS } from './conditions';
import { defineWidget } from './define-widget';
import { propertiesOf, text } from './properties';
import type { Condition, StateTransition, WidgetRun } from './widget';

type Run = WidgetRun<unknown>;

const isMatch = ({ event }: StateTransition): boolean => event === 'match';

// Unspecified by Twilio: several conditions must hold together, and a transition without any never does.
const holds = (run: Run, { conditions = [] }: StateTransition): boolean => conditions.length > 0 && conditions.every((condition) => isTrue(run, condition));

const isTrue = (run: Run, { type, value = '', arguments: [argument] = [] }: Condition): boolean => {
  const subject = run.render(argument || inputOf(run));
  const wanted = run.render(value);
  return type === 'regex' ? run.matches(wanted.trim(), subject.trim()) : CONDITIONS[type]?.(subject, wanted) === true;
};

const inputOf = ({ state }: Run): string => String(state.properties['input'] ?? '');

const unmatched = (run: Run) => {
  const isConnected = run.state.transitions.some(({ event, next }) => event === 'noMatch' && next);
  if (!isConnected) run.warn({ code: 81005, message: `Nothing in ${run.state.name} matched, and noMatch leads nowhere` });
  return { kind: 'leave', by: 'noMatch' } as const;
};

/** Compares a value with the conditions of its `match` transitions and leaves by the first that holds. */
export const splitBasedOn = defineWidget({
  type: 'split-based-on',
  title: 'Split Based On...',
  stored: propertiesOf({
    input: text,
  }),
  literal: [],
  transitions: ['match', 'noMatch'],
  behaviour: {
    enter: (run) => {
      const transition = run.state.transitions.findIndex((each) => isMatch(each) && holds(run, each));
      return transition === -1 ? unmatched(run) : { kind: 'leave', by: 'match', transition };
    },
  },
});
