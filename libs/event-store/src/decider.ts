export interface Message {
  readonly type: string;
  readonly data: object;
}
type Named<M extends Message, T> = Extract<M, { type: T }>;

/** A rule book: what a command may cause, and what each event means. No clock, no chance, no I/O. */
export interface Decider<C extends Message, E extends Message, S> {
  readonly initialState: () => S;
  /** Reads the state, never changes it. */
  readonly decide: { readonly [T in C['type']]: (command: Named<C, T>, state: Readonly<S>) => readonly E[] };
  /** Changes the state in place: a state has one owner, the fold that builds it. */
  readonly evolve: { readonly [T in E['type']]: (state: S, event: Named<E, T>) => void };
}

// The casts say what the compiler cannot see: the key and the argument carry the same type.
export const decideWith = <C extends Message, E extends Message, S>(decider: Decider<C, E, S>, command: C, state: S): readonly E[] =>
  (decider.decide[command.type as C['type']] as unknown as (command: C, state: S) => readonly E[])(command, state);

/** The state that these events leave behind. */
export const fold = <C extends Message, E extends Message, S>(decider: Decider<C, E, S>, events: readonly E[], state = decider.initialState()): S => {
  for (const event of events) (decider.evolve[event.type as E['type']] as unknown as (state: S, event: E) => void)(state, event);
  return state;
};

