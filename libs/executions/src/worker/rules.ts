import type { Json, JsonObject } from '@atelier/contracts';
import type { ExecutionEvent, ExecutionInput, Sprint } from '@atelier/engine';
import type { ProgramRef } from './programs';

/** A run as the rules see it; nobody else looks inside. */
export type RunState = object;
/** A compiled revision; nobody else looks inside. */
export type Program = object;

/** What the owner of a shard needs of the engine. Pure: the same state and input decide the same events. */
export interface Rules {
  compile(definition: string): Program;
  newState(): RunState;
  /** Empty: the input changes nothing. Throws where a program is missing or broken: the input is parked. */
  decide(state: RunState, input: ExecutionInput, nowMs: number, programOf: (ref: ProgramRef) => Program): readonly ExecutionEvent[];
  /** Changes the state in place; never fails on what `decide` answered. */
  evolve(state: RunState, events: readonly ExecutionEvent[], atMs: number): void;
  /** Revisions that the next decision may need. */
  programsOf(state: RunState): readonly ProgramRef[];
  snapshot(state: RunState): Json;
}

/** What a reader of logs needs of it. */
export interface Folding {
  /** The context that templates see after these sprints. */
  contextOf(sprints: readonly Sprint[]): JsonObject;
}
