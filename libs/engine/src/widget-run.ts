import type { Json, JsonObject, WarningCode } from '@atelier/contracts';
import { type WidgetRun, hasLiquid } from '@atelier/widgets';
import { copyOf } from './json-values';
import type { EngineLimits } from './limits';
import type { Program, ProgramRef, ProgramState } from './program';
import type { RegexMatcher } from './regex-matcher.port';
import type { Frame } from './state';

/** What a decision may use beside the state. */
export type DecisionEnv = {
  readonly nowMs: number;
  readonly programOf: (ref: ProgramRef) => Program;
  readonly regex: RegexMatcher;
  readonly limits: EngineLimits;
};

type Warn = (code: WarningCode, message: string) => void;

const SUBJECT_CHARACTERS_MAX = 4_096; // of what a pattern is tried on (`spec/studio.md` 3)

/** What a widget may use while it decides, seen from one state of one flow. */
export class Run implements WidgetRun<unknown> {
  readonly context: JsonObject;
  readonly enteredBy: string;

  constructor(
    readonly state: ProgramState,
    readonly properties: unknown,
    frame: Frame,
    private readonly program: Program,
    private readonly env: DecisionEnv,
    private readonly raise: Warn,
  ) {
    this.context = frame.context as unknown as JsonObject; // JSON throughout
    this.enteredBy = frame.enteredBy;
  }

  get nowMs(): number {
    return this.env.nowMs;
  }

  readonly render = (source: string, context = this.context): string => {
    if (!hasLiquid(source)) return source;
    const { text, error } = this.program.template(source).render(context, this.env.nowMs);
    if (error !== undefined) this.raise(81018, error);
    return text;
  };

  /** A copy: what templates see changes with the next step. */
  readonly evaluate = (source: string, context = this.context): { readonly value: Json | undefined } | undefined => {
    const found = hasLiquid(source) ? this.program.template(source).evaluate(context, this.env.nowMs) : undefined;
    return found && { value: found.value === undefined ? undefined : copyOf(found.value) };
  };

  readonly matches = (pattern: string, subject: string): boolean => {
    const result = this.program.isOff(pattern) ? 'too-slow' : this.env.regex.matches(pattern, subject.slice(0, SUBJECT_CHARACTERS_MAX));
    if (typeof result === 'boolean') return result;
    if (result === 'too-slow') this.program.wasSlow(pattern);
    this.raise(81005, result === 'invalid' ? `The pattern ${pattern} cannot be read` : `The pattern ${pattern} takes too long`);
    return false;
  };

  readonly warn = ({ code, message }: { readonly code: WarningCode; readonly message: string }): void => this.raise(code, message);
}

/** The properties that a widget receives: templates rendered, texts read as their types; what cannot be read is 81027 and its default. */
export const propertiesFor = (run: Run, warn: Warn): unknown => {
  const { widget, properties, templated } = run.state;
  const schema = widget.behaviour?.rendered;
  if (!schema) return {};
  const given: Record<string, unknown> = { ...properties };
  for (const key of templated) given[key] = rendered(run, properties[key] ?? '');
  for (const [key, value] of Object.entries(given)) if (value === null) delete given[key];
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  for (const key of new Set(parsed.error.issues.map(({ path }) => String(path[0])))) {
    warn(81027, `The value of ${key} cannot be read; its default counts`);
    delete given[key];
  }
  return schema.parse(given);
};

const rendered = (run: Run, value: Json): Json => {
  if (typeof value === 'string') return run.render(value);
  if (Array.isArray(value)) return value.map((each: Json) => renderedPair(run, each));
  return value;
};

// Only values of pairs are templates; their keys are literal.
const renderedPair = (run: Run, pair: Json): Json =>
  typeof pair === 'object' && pair !== null && !Array.isArray(pair) && 'value' in pair ? { ...pair, value: rendered(run, (pair as JsonObject)['value'] ?? '') } : pair;
