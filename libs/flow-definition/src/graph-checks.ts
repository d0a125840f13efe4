import { widgetOf } from '@atelier/widgets';
import { mayEnd, reachableFrom } from './graph';
import type { DefinitionLimits, ValidateOptions } from './limits';
import { type Outline, type OutlineState, textOf } from './outline';
import type { Finding } from './problem';

/** What looks wrong about the way through a flow. Warnings: none of it keeps the flow from running. */
export const graphWarnings = (outline: Outline, limits: DefinitionLimits & ValidateOptions): Finding[] => {
  const reached = reachableFrom(outline, [outline.initialState]);
  return [
    ...unreachable(outline, reached),
    ...noExit(outline, reached),
    ...cyclesWithoutWait(outline, reached),
    ...startElsewhere(outline),
    ...nestedSubflow(outline),
    ...tooManyWidgets(outline, limits),
  ];
};

type Reached = ReadonlySet<OutlineState>;
const NAMES_SHOWN_MAX = 10;
const namesOf = (states: readonly OutlineState[]): string => {
  const names = states.slice(0, NAMES_SHOWN_MAX).map(({ name }) => name);
  return states.length > NAMES_SHOWN_MAX ? `${names.join(', ')} and ${states.length - NAMES_SHOWN_MAX} more` : names.join(', ');
};

const unreachable = ({ states, initialState, byName }: Outline, reached: Reached): Finding[] => {
  const lost = byName.has(initialState ?? '') ? states.filter((state) => !reached.has(state)) : [];
  return lost.map(({ path }) => ({ path, message: 'cannot be reached from the initial state', code: 'unreachable' }));
};

/** States that an execution never leaves the flow from: it ends only by a cap, by age or over REST. */
const noExit = (outline: Outline, reached: Reached): Finding[] => {
  const before = predecessorsOf(outline);
  const free = new Set<OutlineState>();
  const open = [...reached].filter((state) => mayEnd(outline, state));
  for (let state = open.pop(); state; state = open.pop()) {
    if (free.has(state)) continue;
    free.add(state);
    open.push(...(before.get(state) ?? []).filter((previous) => reached.has(previous)));
  }
  const trapped = outline.states.filter((state) => reached.has(state) && !free.has(state));
  return trapped[0] ? [{ path: trapped[0].path, message: `has no way to the end of the flow: ${namesOf(trapped)}`, code: 'no-exit' }] : [];
};

const predecessorsOf = ({ states, successors }: Outline): ReadonlyMap<OutlineState, readonly OutlineState[]> => {
  const before = new Map<OutlineState, OutlineState[]>(states.map((state) => [state, []]));
  for (const [state, after] of successors) for (const next of after) before.get(next)?.push(state);
  return before;
};

/** Cycles in which nothing waits: they run into the cap of 10 runs in a row or of 1,000 steps unless a condition breaks them. */
const cyclesWithoutWait = (outline: Outline, reached: Reached): Finding[] => {
  const found: Finding[] = [];
  const left = new Set(outline.states.filter((state) => reached.has(state) && neverWaits(state)));
  for (let cycle = cycleIn(outline, left); cycle; cycle = cycleIn(outline, left)) {
    found.push({ path: cycle[0].path, message: `is in a cycle that never waits: ${namesOf(cycle)}`, code: 'cycle-without-wait' });
    for (const state of cycle) left.delete(state);
  }
  return found;
};

/** Of a type that is unknown nothing is said. */
const neverWaits = ({ type }: OutlineState): boolean => {
  const widget = widgetOf(type ?? '');
  return widget !== undefined && widget.type !== 'trigger' && !widget.waits;
};

/** A cycle among these states, or undefined. Removes what cannot be in one: what leads nowhere within them. */
const cycleIn = ({ successors }: Outline, left: Set<OutlineState>): [OutlineState, ...OutlineState[]] | undefined => {
  const path: OutlineState[] = [];
  const placeOf = new Map<OutlineState, number>();
  for (let state = left.values().next().value; state;) {
    const place = placeOf.get(state);
    if (place !== undefined) return [state, ...path.slice(place + 1)];
    const next: OutlineState | undefined = successors.get(state)?.find((after) => left.has(after));
    if (next) {
      placeOf.set(state, path.push(state) - 1);
      state = next;
    } else {
      left.delete(state);
      state = path.pop() ?? left.values().next().value;
      if (state) placeOf.delete(state);
    }
  }
  return undefined;
};

const startElsewhere = ({ initialState, byName }: Outline): Finding[] => {
  const start = byName.get(initialState ?? '');
  if (!start || start.type === 'trigger') return [];
  return [{ path: ['initial_state'], message: `should name a trigger, found ${start.name} of type ${start.type}`, code: 'initial-state-no-trigger' }];
};

/** A subflow that is called by its parent may not call another one: 81024 when it runs. */
const nestedSubflow = (outline: Outline): Finding[] => {
  const ways = outline.states.filter(({ type }) => type === 'trigger').flatMap(({ transitions }) => transitions);
  const entries = ways.filter(({ event }) => event === 'incomingParent').map(({ next }) => next);
  const reached = reachableFrom(outline, entries);
  return [...reached]
    .filter(({ type }) => type === 'run-subflow')
    .map(({ path }) => ({ path, message: 'fails where this flow itself runs as a subflow', code: 'nested-subflow' }));
};

/** 81025: every instance of a subflow counts with all its widgets. */
const tooManyWidgets = ({ states }: Outline, { widgetsMax, widgetsOf }: DefinitionLimits & ValidateOptions): Finding[] => {
  if (!widgetsOf) return [];
  const sizeOf = ({ flow_sid: sid, flow_revision: revision }: OutlineState['properties']): number =>
    widgetsOf(textOf(sid) ?? '', textOf(revision) ?? '') ?? 0;
  const total = states.reduce((sum, { type, properties }) => sum + 1 + (type === 'run-subflow' ? sizeOf(properties) : 0), 0);
  if (total <= widgetsMax) return [];
  return [{ path: ['states'], message: `${total} widgets with those of all subflows, at most ${widgetsMax} can run`, code: '81025' }];
};
