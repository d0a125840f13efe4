import type { Json, JsonObject } from '@atelier/contracts';
import type { Liquid } from '@atelier/liquid';
import { decide } from './decide';
import type { ExecutionEvent, ExecutionInput, Sprint } from './execution';
import { DEFAULT_ENGINE_LIMITS, type EngineLimits } from './limits';
import { Program, type ProgramRef } from './program';
import type { RegexMatcher } from './regex-matcher.port';
import { Spending } from './spending';
import { type ExecutionState, evolve, newState, topOf } from './state';

export type EngineOptions = {
  readonly liquid: Liquid;
  readonly regex: RegexMatcher;
  readonly limits?: Partial<EngineLimits>;
  /** For what a decision may cost, nothing else. Left out: time does not count. */
  readonly monotonicMs?: () => number;
};

/** The rules by which executions run. Pure: the same state, input and time decide the same events; the caller stores them and performs their effects. */
export interface Engine {
  /** Throws Defect where the text is no valid definition. */
  compile(definition: string): Program;
  newState(): ExecutionState;
  /** None: the input changes nothing. Throws Defect where a revision is missing or broken. Never changes the state. */
  decide(state: ExecutionState, input: ExecutionInput, nowMs: number, programOf: (ref: ProgramRef) => Program): readonly ExecutionEvent[];
  /** Changes the state in place; never fails on what `decide` answered. */
  evolve(state: ExecutionState, events: readonly ExecutionEvent[], atMs: number): void;
  /** Revisions that the next decision may need. */
  programsOf(state: ExecutionState): readonly ProgramRef[];
  /** Plain JSON from which `SnapshotTaken` makes the same state again. */
  snapshot(state: ExecutionState): Json;
  /** What templates see after these sprints: trigger, contact, flow, widgets; inside a subflow its own. */
  contextOf(sprints: readonly Pick<Sprint, 'atMs' | 'events'>[]): JsonObject;
}

export const createEngine = ({ liquid, regex, limits: given, monotonicMs = () => 0 }: EngineOptions): Engine => {
  const limits = { ...DEFAULT_ENGINE_LIMITS, ...given };
  return {
    compile: (definition) => new Program(definition, liquid),
    newState,
    decide: (state, input, nowMs, programOf) => decide({ nowMs, programOf, regex, limits, spending: new Spending(monotonicMs, limits.templatesMs) }, state, input),
    evolve: evolveAll,
    programsOf,
    snapshot: (state) => state as unknown as Json, // plain JSON throughout
    contextOf,
  };
};

const evolveAll = (state: ExecutionState, events: readonly ExecutionEvent[], atMs: number): void => {
  for (const event of events) evolve(state, event, atMs);
};

// The subflows that it has run are needed again when it runs them again.
const programsOf = ({ frames, pinned }: ExecutionState): readonly ProgramRef[] => [
  ...frames.map(({ flow, revision }) => ({ flow, revision })),
  ...Object.entries(pinned).map(([pin, { revision }]) => ({ flow: flowOfPin(pin), revision })),
];

const flowOfPin = (pin: string): ProgramRef['flow'] => pin.slice(0, pin.indexOf(' ')) as ProgramRef['flow']; // made by `pinOf` of a flow's SID

const contextOf = (sprints: readonly Pick<Sprint, 'atMs' | 'events'>[]): JsonObject => {
  const state = newState();
  for (const { events, atMs } of sprints) evolveAll(state, events, atMs);
  return topOf(state).context as unknown as JsonObject; // plain JSON throughout
};
