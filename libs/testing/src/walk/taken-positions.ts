import type { FlowSid } from '@atelier/contracts';
import type { ExecutionEvent, ExecutionState } from '@atelier/engine';
import { type FlowGraph, type Position, positionsOf } from './flow-graph';
import { type WalkRules, transitionOfSplit } from './split-probe';

/** Folds events into a state, and names the transitions of one flow that they take, wherever that flow runs: on its own or inside another. */
export const takenIn = (
  rules: WalkRules,
  { flow, graph }: { readonly flow: FlowSid; readonly graph: FlowGraph },
  state: ExecutionState,
  { events, atMs }: { readonly events: readonly ExecutionEvent[]; readonly atMs: number },
): readonly Position[] => {
  const taken: Position[] = [];
  for (const event of events) {
    if (event.type === 'StepTaken' && flowOf(state, event.step) === flow) taken.push(positionOf(rules, graph, state, event, atMs));
    rules.engine.evolve(state, [event], atMs);
  }
  return taken;
};

// A step that contained a subflow is taken by the flow around it.
const flowOf = ({ frames }: ExecutionState, step: number): FlowSid | undefined => frames.at(frames.at(-1)?.parent?.step === step ? -2 : -1)?.flow;

const positionOf = (rules: WalkRules, graph: FlowGraph, state: ExecutionState, { widget, by, to }: Extract<ExecutionEvent, { type: 'StepTaken' }>, atMs: number): Position => {
  const place = graph.state(widget);
  const fitting = positionsOf(place).filter(({ index }) => place.transitions[index]?.event === by && (place.transitions[index]?.next || 'Ended') === to);
  const [first] = fitting;
  if (!first) throw new Error(`state ${graph.placeOf(widget)} left by ${by}, for which it has no transition`);
  const context = state.frames.at(-1)?.context;
  if (place.type !== 'split-based-on' || by !== 'match' || fitting.length === 1 || !context) return first;
  return { state: widget, index: transitionOfSplit(rules, place, { ...context }, atMs) };
};
