import type { Json, JsonObject, WarningCode } from '@atelier/contracts';
import { type WidgetRun, hasLiquid } from '@atelier/widgets';
import { charactersOf, copyOf } from './json-values';
import type { EngineLimits } from './limits';
import type { Program, ProgramRef, ProgramState } from './program';
import type { RegexMatcher } from './regex-matcher.port';
import type { Spending } from './spending';
import type { Frame } from './state';

/** What a decision may use beside the state. */
export type DecisionEnv = {
  readonly nowMs: number;
  readonly programOf: (ref: ProgramRef) => Program;
  readonly regex: RegexMatcher;
  readonly limits: EngineLimits;
  readonly spending: Spending;
};

type Warn = (code: WarningCode, message: string) => void;

const SPENT = { text: '', error: 'The templates of this step take too long together' };
const CONTAINER_LEVELS = 4; // flow, its variables, and lists that filters make of them
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

  get limits(): EngineLimits {
    return this.env.limits;
  }

  readonly render = (source: string, context = this.context): string => {
    if (!hasLiquid(source)) return source;
    const { spending, nowMs } = this.env;
    const { text, error } = spending.isOver ? SPENT : spending.on(() => this.program.template(source).render(context, nowMs));
    if (error !== undefined) this.raise(81018, error);
    return text;
  };

  readonly evaluate = (source: string, context = this.context): { readonly value: Json | undefined } | undefined => {
    const { spending, nowMs } = this.env;
    const found = hasLiquid(source) && !spending.isOver ? spending.on(() => this.program.template(source).evaluate(context, nowMs)) : undefined;
    return found && { value: found.value === undefined ? undefined : this.owned(found.value, source) };
  };

  /** A copy as far as the containers of a state reach, which change with the next step. What is too large to keep is not even copied. */
  private owned(value: Json, source: string): Json {
    const { valueCharactersMax } = this.env.limits;
    if (charactersOf(value, valueCharactersMax) !== Infinity) return copyOf(value, CONTAINER_LEVELS);
    this.raise(81018, `The value of ${source} has more than ${valueCharactersMax} characters`);
    return null;
  }

  readonly matches = (pattern: string, subject: string): boolean => {
    const { spending, regex } = this.env;
    const isOff = spending.isOver || this.program.isOff(pattern);
    const result = isOff ? 'too-slow' : spending.on(() => regex.matches(pattern, subject.slice(0, SUBJECT_CHARACTERS_MAX)));
    if (typeof result === 'boolean') return result;
    if (result === 'too-slow' && !isOff) this.program.wasSlow(pattern);
    this.raise(81005, result === 'invalid' ? `The pattern ${pattern} cannot be read` : `The pattern ${pattern} takes too long`);
    return false;
  };

  readonly warn = ({ code, message }: { readonly code: WarningCode; readonly message: string }): void => this.raise(code, message);
}
