import { CONDITIONS } from './conditions';
import { defineWidget } from './define-widget';
import { propertiesOf, text } from './properties';
import type { Condition, StateTransition, WidgetRun } from './widget';

type Run = WidgetRun<unknown>;
type Render = (source: string) => string;

// The subject stands in every condition: it is rendered once, and warns once.
const renderingOnce = (run: Run): Render => {
  const texts = new Map<string, string>();
  return (source) => {
    const text = texts.get(source) ?? run.render(source);
    texts.set(source, text);
    return text;
  };
};

const isMatch = ({ event }: StateTransition): boolean => event === 'match';

// Unspecified by Twilio: several conditions must hold together, and a transition without any never does.
const holds = (run: Run, render: Render, { conditions = [] }: StateTransition): boolean =>
  conditions.length > 0 && conditions.every((condition) => isTrue(run, render, condition));

const isTrue = (run: Run, render: Render, { type, value = '', arguments: [argument] = [] }: Condition): boolean => {
  const subject = render(argument || inputOf(run));
  const wanted = render(value);
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
      const render = renderingOnce(run);
      const transition = run.state.transitions.findIndex((each) => isMatch(each) && holds(run, render, each));
      return transition === -1 ? unmatched(run) : { kind: 'leave', by: 'match', transition };
    },
  },
});
