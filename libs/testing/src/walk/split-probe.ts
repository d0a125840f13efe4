import type { JsonObject } from '@atelier/contracts';
import { DEFAULT_ENGINE_LIMITS, type Engine, type RegexMatcher, createEngine } from '@atelier/engine';
import type { FlowState } from '@atelier/flow-definition';
import { DEFAULT_LIQUID_OPTIONS, type Liquid, createLiquid } from '@atelier/liquid';
import { createRegexMatcher } from '@atelier/platform';
import { widgetOf } from '@atelier/widgets';

/** The rules of executions with their default limits, and what they stand on. */
export type WalkRules = { readonly engine: Engine; readonly liquid: Liquid; readonly regex: RegexMatcher };

export const createWalkRules = (): WalkRules => {
  const liquid = createLiquid(DEFAULT_LIQUID_OPTIONS);
  const regex = createRegexMatcher();
  return { engine: createEngine({ liquid, regex }), liquid, regex };
};

/** Which of its transitions a split takes in a context: decided by the widget itself, because a step tells only where it led. */
export const transitionOfSplit = ({ liquid, regex }: WalkRules, state: FlowState, context: JsonObject, nowMs: number): number => {
  const render = (source: string): string => liquid.parse(source).render(context, nowMs).text;
  const outcome = widgetOf(state.type)?.behaviour?.enter({
    properties: {},
    state,
    context,
    nowMs,
    limits: DEFAULT_ENGINE_LIMITS,
    enteredBy: '',
    render,
    evaluate: () => undefined,
    matches: (pattern, subject) => regex.matches(pattern, subject) === true,
    warn: () => undefined,
  });
  if (outcome?.kind !== 'leave') throw new Error(`a ${state.type} did not leave at once`);
  return outcome.transition ?? state.transitions.findIndex(({ event }) => event === outcome.by);
};
