export {
  type EndedReason, type ExecutionEvent, type ExecutionInput, type Sprint, type Trigger, type TriggerEvent, ENDED_REASONS,
} from './execution';
export { type Engine, type EngineOptions, createEngine } from './engine';
export type { ExecutionState } from './state';
export type { Program, ProgramRef } from './program';
export type { RegexMatcher } from './regex-matcher.port';
export { type EngineLimits, DEFAULT_ENGINE_LIMITS } from './limits';
