import type { Json, JsonObject, WarningCode } from '@atelier/contracts';
import type { z } from 'zod';

/** An outbound act: a widget asks for it, an effect of `executions` performs it after the commit. */
export type Effect =
  | { readonly kind: 'message.send'; readonly request: MessageRequest }
  | { readonly kind: 'http.request'; readonly request: HttpRequest }
  | { readonly kind: 'function.run'; readonly request: FunctionRequest }
  /** Which revision a subflow reference means now; asked once per execution and subflow, then pinned (invariant A7). */
  | { readonly kind: 'subflow.resolve'; readonly request: { readonly flowSid: string; readonly revision: string } };
export type EffectKind = Effect['kind'];

/** One message as the Messages resource takes it. Absent means: do not send the parameter. */
export type MessageRequest = {
  readonly to: string;
  /** A number, a channel address, or the SID of a Messaging Service (MG…). */
  readonly from: string;
  readonly body?: string;
  readonly mediaUrl?: string;
  readonly contentSid?: string;
  readonly contentVariables?: Readonly<Record<string, string>>;
  readonly shortenUrls?: boolean;
  /** The step waits with this message, so it has to know when it was not delivered. */
  readonly awaitsDelivery?: true;
  /** Programmable Chat; both or neither. */
  readonly service?: string;
  readonly channel?: string;
  /** JSON text. */
  readonly attributes?: string;
};

export type HttpRequest = {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly contentType: string;
  readonly body?: string;
  readonly parameters: readonly (readonly [key: string, value: string])[];
  readonly addTwilioAuth: boolean;
};

export type FunctionRequest = { readonly url: string; readonly parameters: readonly (readonly [key: string, value: string])[] };

/**
 * What became of an effect. `payload` of `message.send`: the Message resource with capitalised names (`Sid`, `Status`, …); of `http.request`
 * and `function.run`: `{ status: int, contentType: string, body: string, headers: {} }`, also for 4xx and 5xx (ok: true means that an answer
 * arrived; the widget judges the status); of `subflow.resolve`: `{ revision: int }`, ok: false where it does not exist.
 * `unknown: true`: nobody can say whether it happened (invariant A5).
 */
export type EffectOutcome =
  | { readonly ok: true; readonly payload: JsonObject }
  | { readonly ok: false; readonly code: number; readonly message: string; readonly unknown?: true; readonly payload?: JsonObject };

/** What a widget wants next. It never does anything itself. */
export type Outcome =
  /** `variables` are written to flow.variables and, like `outputs`, to widgets.<name>; `transition`: which of several of this event. */
  | { readonly kind: 'leave'; readonly by: string; readonly outputs?: JsonObject; readonly variables?: JsonObject; readonly transition?: number }
  | { readonly kind: 'perform'; readonly effect: Effect; readonly outputs?: JsonObject }
  | {
      readonly kind: 'wait';
      /** The external event that is expected; others for which the state has a transition are accepted too. */
      readonly for: string;
      readonly timeoutSeconds?: number;
      /** Kept with the execution and merged with what the widget leaves with. */
      readonly outputs?: JsonObject;
      /** The answer for the webhook that waits, if one does. */
      readonly twiml?: { readonly verb: 'Redirect'; readonly url: string; readonly method: string };
    }
  | { readonly kind: 'enter-flow'; readonly flowSid: string; readonly revision: string; readonly parameters: JsonObject }
  | { readonly kind: 'end'; readonly reason: 'ERROR' };

/** A note for the debugger; `message` is for people and carries no secrets. */
export type Warning = { readonly code: WarningCode; readonly message: string };

/** Limits of Studio that widgets keep; settings of whoever runs them. */
export type WidgetLimits = {
  /** How long send-and-wait-for-reply waits where its own timeout cannot be read. */
  readonly replyTimeoutSeconds: number;
  /** The longest timeout of add-twiml-redirect, and its default. */
  readonly redirectTimeoutSecondsMax: number;
};

/** What a widget may use while it decides. */
export type WidgetRun<P> = {
  /** Rendered and parsed by the widget's `rendered` schema; for a resumed widget those of its entry. */
  readonly properties: P;
  /** Its state in the definition, as stored. */
  readonly state: { readonly name: string; readonly type: string; readonly properties: JsonObject; readonly transitions: readonly StateTransition[] };
  readonly context: JsonObject;
  readonly nowMs: number;
  readonly limits: WidgetLimits;
  /** The way into this flow: `incomingMessage`, `incomingRequest`, …; inside a subflow `incomingParent`. */
  readonly enteredBy: string;
  /** A template's text, seen from `context` or from what the run sees; a template that fails is empty and raises 81018. */
  render(source: string, context?: JsonObject): string;
  /** The raw value of a template that is exactly one output expression; undefined where it is not one, or cannot be evaluated; null and 81018 where it is too large to keep. */
  evaluate(source: string, context?: JsonObject): { readonly value: Json | undefined } | undefined;
  /** Whether the pattern matches the whole subject, whatever the case; a pattern that cannot be used matches nothing and raises 81005. */
  matches(pattern: string, subject: string): boolean;
  warn(warning: Warning): void;
};

export type StateTransition = { readonly event: string; readonly next?: string | null; readonly conditions?: readonly Condition[] };
export type Condition = { readonly type: string; readonly value?: string; readonly arguments?: readonly string[]; readonly friendly_name?: string };

/** What comes back to a widget that waits or performs: see `WidgetBehaviour.resume`. */
export type Arrival = { readonly payload: JsonObject };

/** One widget type: what a definition may hold, what it receives, how it may leave, what it does (style.md 4). */
export interface Widget<P = unknown> {
  readonly type: string;
  readonly title: string;
  /** The properties as a definition may hold them: Twilio's JSON types, nothing coerced, unknown keys kept. */
  readonly stored: z.ZodType;
  /** Names of properties that are literal: never rendered (column T = n of `spec/widgets.md`). */
  readonly literal: readonly string[];
  /** Only usable in executions started over REST (checked by validation, `spec/studio.md` 2.5). */
  readonly requiresRestTrigger?: true;
  readonly transitions: readonly string[];
  /** It may hold the execution until something arrives from outside, so a cycle through it is no endless loop. */
  readonly waits?: true;
  /** Absent: not executed yet; the engine leaves by the failure event with 81020. */
  readonly behaviour?: WidgetBehaviour<P>;
}

export interface WidgetBehaviour<P> {
  /** Rendered values → typed properties; a value that does not parse is 81027 and its default. Absent: the widget renders what it needs itself. */
  readonly rendered?: z.ZodObject & z.ZodType<P>;
  readonly enter: (run: WidgetRun<P>) => Outcome;
  /**
   * By what arrives: `effectSucceeded` (payload = that of the outcome), `effectFailed` (payload = the outcome: code, message, payload), `subflowEnded`
   * (payload = the variables that it set), `messageUndelivered` (payload = the status callback), `timeout`, or the name of an external event.
   */
  readonly resume?: Readonly<Record<string, (run: WidgetRun<P>, arrival: Arrival) => Outcome>>;
}
