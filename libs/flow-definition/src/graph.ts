import { widgetOf } from '@atelier/widgets';
import type { FlowDefinition } from './definition';
import { type Outline, type OutlineState, outlineOf, takenOf } from './outline';

/** Everything that can follow, each state of the given names included. */
export const reachableFrom = (outline: Outline, names: readonly (string | undefined)[]): ReadonlySet<OutlineState> => {
  const reached = new Set<OutlineState>();
  const open = names.flatMap((name) => outline.byName.get(name ?? '') ?? []);
  for (let state = open.pop(); state; state = open.pop()) {
    if (reached.has(state)) continue;
    reached.add(state);
    open.push(...(outline.successors.get(state) ?? []).filter((next) => !reached.has(next)));
  }
  return reached;
};

/** Whether an execution may end here: a branch without `next`, or an event of the widget that has no transition. What is unknown may. */
export const mayEnd = ({ byName, successors }: Outline, state: OutlineState): boolean => {
  const widget = widgetOf(state.type ?? '');
  const taken = takenOf(state);
  if (!widget || successors.get(state)?.length === 0) return true;
  if (widget.type === 'trigger') return false;
  const events = new Set(taken.map(({ event }) => event));
  return (
    taken.some(({ next }) => next === undefined || !byName.has(next)) || widget.transitions.some((event) => event !== 'match' && !events.has(event))
  );
};

/** Whether an execution of this definition can come to a widget of this type, subflows not counted. */
export const isReachable = (definition: FlowDefinition, widgetType: string): boolean => {
  const outline = outlineOf(definition);
  return [...reachableFrom(outline, [definition.initial_state])].some(({ type }) => type === widgetType);
};
