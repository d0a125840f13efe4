import type { WidgetLimits } from '@atelier/widgets';

/** What an execution may cost (`spec/studio.md` 6). Every limit is a setting; defaults are Studio's, or ours where Studio names none. */
export type EngineLimits = WidgetLimits & {
  /** Steps of an execution, subflow steps included. */
  readonly stepsMax: number;
  /** Runs of one widget in a row. */
  readonly runsInARowMax: number;
  /** Milliseconds from its start to its forced end. */
  readonly lifetimeMs: number;
  /** Widgets of a flow together with those of all its subflow instances. */
  readonly widgetsMax: number;
  /** Characters of JSON of one value that a widget writes. */
  readonly valueCharactersMax: number;
  /** Characters of JSON of the context. */
  readonly contextCharactersMax: number;
  /** Steps after which a sprint is stored and goes on in the next. */
  readonly sprintStepsMax: number;
  /** Characters that the steps of a sprint may write before it is stored and goes on in the next. */
  readonly sprintCharactersMax: number;
  /** Warnings of one sprint about one step; further ones are not told. */
  readonly warningsPerStepMax: number;
  /** Milliseconds after which a sprint is stored and goes on in the next, looked at every tenth step. */
  readonly sprintMs: number;
  /** Milliseconds that the templates and patterns of one decision may take together; then it renders and matches nothing more. */
  readonly templatesMs: number;
  /** Inputs that are kept for a step that cannot take them yet. */
  readonly keptInputsMax: number;
};

export const DEFAULT_ENGINE_LIMITS: EngineLimits = {
  replyTimeoutSeconds: 3_600,
  redirectTimeoutSecondsMax: 14_400,
  stepsMax: 1_000,
  runsInARowMax: 10,
  lifetimeMs: 30 * 86_400_000,
  widgetsMax: 2_000,
  valueCharactersMax: 65_536 + 4_096, // an answer of 64 KiB and its quotation
  contextCharactersMax: 1_048_576,
  sprintStepsMax: 100,
  sprintCharactersMax: 1_048_576,
  warningsPerStepMax: 100,
  sprintMs: 20,
  templatesMs: 1_000,
  keptInputsMax: 16,
};
