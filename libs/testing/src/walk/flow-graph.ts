import { type FlowState, type Transition, definitionOf } from '@atelier/flow-definition';

/** One transition object of a state: what a walk takes and counts. */
export type Position = { readonly state: string; readonly index: number };

export const positionKey = ({ state, index }: Position): string => `${index} ${state}`;

/** The ways through a flow. */
export class FlowGraph {
  readonly states: ReadonlyMap<string, FlowState>;
  readonly trigger: FlowState;
  private readonly order: readonly string[];

  constructor(definition: string) {
    const { states, initial_state: initial } = definitionOf(definition);
    this.states = new Map(states.map((state) => [state.name, state]));
    this.trigger = this.state(initial);
    this.order = states.map(({ name }) => name);
  }

  state(name: string): FlowState {
    const state = this.states.get(name);
    if (!state) throw new Error('a transition leads to a state that does not exist');
    return state;
  }

  transition({ state, index }: Position): Transition {
    const transition = this.state(state).transitions[index];
    if (!transition) throw new Error(`there is no transition ${index} of state ${this.placeOf(state)}`);
    return transition;
  }

  /** Where a state stands in the definition: what may be printed of it. */
  placeOf(state: string): number {
    return this.order.indexOf(state);
  }

  /** The transitions of the trigger, and those of every state that can follow one of these events, in the order in which they are found. */
  reachable(events: readonly string[]): readonly Position[] {
    const found = positionsOf(this.trigger);
    const open = this.trigger.transitions.flatMap(({ event, next }) => (events.includes(event) && next ? [next] : []));
    const seen = new Set([this.trigger.name]);
    for (let name = open.shift(); name !== undefined; name = open.shift()) {
      if (seen.has(name)) continue;
      seen.add(name);
      found.push(...positionsOf(this.state(name)));
      open.push(...this.state(name).transitions.flatMap(({ next }) => next || []));
    }
    return found;
  }

  /** A shortest way that begins with this transition and ends with the target. */
  route(first: Position, target: Position): readonly Position[] | undefined {
    if (positionKey(first) === positionKey(target)) return [target];
    const from = this.transition(first).next;
    const ways = new Map<string, readonly Position[]>(from ? [[from, [first]]] : []);
    for (const [name, way] of ways) {
      if (name === target.state) return [...way, target];
      for (const position of positionsOf(this.state(name))) {
        const { next } = this.transition(position);
        if (next && !ways.has(next)) ways.set(next, [...way, position]); // a Map goes on to what is added while one walks it
      }
    }
    return undefined;
  }
}

export const positionsOf = ({ name, transitions }: FlowState): Position[] => transitions.map((_, index) => ({ state: name, index }));
