import type { Json, JsonObject } from '@atelier/contracts';

/** What a template may cost and where it is (`spec/liquid.md` 5, 7). Every limit is a setting; defaults are Studio's. */
export type LiquidOptions = {
  /** IANA zone in which dates are printed. Studio: America/Los_Angeles. */
  readonly timezone: string;
  /** Iterations over all loops of one rendering; one more is an error. Studio: 15. */
  readonly iterationsMax: number;
  /** Characters that one rendering may produce; one more is an error. Studio: 16,384. */
  readonly charactersMax: number;
  /** Milliseconds that one rendering may take. */
  readonly renderMs: number;
};

/** What templates see: `trigger`, `flow`, `contact`, `widgets`. */
export type LiquidContext = JsonObject;

/** A rendering. On any error `text` is empty and `error` says why: warning 81018, never a failure of the execution. */
export type Rendered = { readonly text: string; readonly error?: string };

/** A parsed template; a parsing error is also reported by each rendering. Pure: the time comes from the caller. */
export interface Template {
  readonly source: string;
  /** Why the template can never render; absent where it parsed. */
  readonly parseError?: string;
  render(context: LiquidContext, nowMs: number): Rendered;
  /** The raw value where the template is exactly one output expression (`{{ flow.data }}`); undefined where it is not, or has no value. */
  evaluate(context: LiquidContext, nowMs: number): { readonly value: Json | undefined } | undefined;
}

/** Parses templates; one per process and set of options. Does not cache: a flow revision keeps its own parsed templates. */
export interface Liquid {
  parse(source: string): Template;
}
