import type { Path } from './problem';

type Values = Readonly<Record<string, unknown>>;

/** The readable part of a transition: `next` is the name of the target, undefined where the branch ends. */
export type OutlineTransition = { readonly path: Path; readonly event: string | undefined; readonly next: string | undefined; readonly raw: Values };
export type OutlineState = {
  readonly path: Path;
  readonly name: string | undefined;
  readonly type: string | undefined;
  readonly transitions: readonly OutlineTransition[];
  readonly properties: Values;
};

/** What can be read of a definition that may be wrong: lets the rules across states speak beside the errors of the schema. */
export type Outline = {
  readonly states: readonly OutlineState[];
  /** The first state of each name. */
  readonly byName: ReadonlyMap<string, OutlineState>;
  /** The states that follow a state, each once. */
  readonly successors: ReadonlyMap<OutlineState, readonly OutlineState[]>;
  readonly initialState: string | undefined;
};

export const outlineOf = (value: unknown): Outline => {
  const definition = objectOf(value);
  const states = listOf(definition['states']).map((state, i) => stateOf(objectOf(state), ['states', i]));
  const byName = new Map<string, OutlineState>();
  for (const state of states) if (state.name !== undefined && !byName.has(state.name)) byName.set(state.name, state);
  const successors = new Map(states.map((state) => [state, followersOf(state, byName)]));
  return { states, byName, successors, initialState: textOf(definition['initial_state']) };
};

const followersOf = (state: OutlineState, byName: Outline['byName']): OutlineState[] => {
  const targets = takenOf(state).map(({ next }) => (next === undefined ? undefined : byName.get(next)));
  return [...new Set(targets.filter((target) => target !== undefined))];
};

/** The transitions that can be taken: of an event that occurs twice the first, except `match`. */
export const takenOf = ({ transitions }: Pick<OutlineState, 'transitions'>): OutlineTransition[] => {
  const seen = new Set<string | undefined>();
  return transitions.filter(({ event }) => event === 'match' || (!seen.has(event) && seen.add(event)));
};

const stateOf = (state: Values, path: Path): OutlineState => ({
  path,
  name: textOf(state['name']),
  type: textOf(state['type']),
  transitions: listOf(state['transitions']).map((t, i) => transitionOf(objectOf(t), [...path, 'transitions', i])),
  properties: objectOf(state['properties']),
});

const transitionOf = (raw: Values, path: Path): OutlineTransition => ({
  path,
  event: textOf(raw['event']),
  next: textOf(raw['next']) || undefined,
  raw,
});

/** An object's keys, or none where it is no object. */
export const objectOf = (value: unknown): Values => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {}); // read by key only
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
