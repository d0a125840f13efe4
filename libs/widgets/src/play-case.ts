import type { JsonObject, WarningCode } from '@atelier/contracts';
import { DEFAULT_LIQUID_OPTIONS, createLiquid } from '@atelier/liquid';
import { renderedProperties, templatedOf } from './rendered-properties';
import type { Outcome, StateTransition, Warning, Widget, WidgetLimits, WidgetRun } from './widget';

/** One case of `<type>.cases.json`: this widget, with these properties and this context, makes this of what arrives. */
export type WidgetCase = {
  readonly name: string;
  readonly properties: JsonObject;
  /** Of its state, where the widget reads them. */
  readonly transitions?: readonly StateTransition[];
  /** The roots that differ from those of `CASE_CONTEXT`. */
  readonly context?: JsonObject;
  readonly enteredBy?: string;
  /** Absent: the widget is entered. */
  readonly arrives?: { readonly as: string; readonly payload: JsonObject };
  readonly outcome: Outcome;
  /** In the order in which they are raised; those of its entry are not raised again when something arrives. */
  readonly warnings?: readonly WarningCode[];
};

/** What an execution knows that a message has just started. */
export const CASE_CONTEXT: JsonObject = {
  trigger: { message: { Body: 'hi', From: '+15551230001', To: '+15557650001' } },
  contact: { channel: { address: '+15551230001' } },
  flow: { sid: 'FN1', flow_sid: 'FW1', channel: { address: '+15557650001' }, data: {}, variables: {} },
  widgets: {},
};

const NOW_MS = Date.UTC(2026, 0, 31, 12);
const LIMITS: WidgetLimits = { replyTimeoutSeconds: 3_600, redirectTimeoutSecondsMax: 14_400 };
const liquid = createLiquid(DEFAULT_LIQUID_OPTIONS);

/** For specs: plays a case with real templates, and answers what its `outcome` and `warnings` promise. */
export const playCase = (widget: Widget, { properties, transitions = [], context: given, enteredBy = 'incomingMessage', arrives }: WidgetCase): { readonly outcome: Outcome; readonly warnings: readonly WarningCode[] } => {
  const { behaviour, type } = widget;
  if (!behaviour) throw new Error(`${type} is not executed yet`);
  const warnings: WarningCode[] = [];
  const context = { ...CASE_CONTEXT, ...given };
  const tools = toolsOf(context, ({ code }) => warnings.push(code));
  const received = renderedProperties({ widget, properties, templated: templatedOf(widget, properties), render: tools.render, warn: (code) => warnings.push(code) });
  const run = { ...tools, properties: received, state: { name: 'it', type, properties, transitions }, context, nowMs: NOW_MS, limits: LIMITS, enteredBy };
  if (arrives) warnings.length = 0;
  return { outcome: stored(arrives ? resumed(widget, run, arrives) : behaviour.enter(run)), warnings };
};

const resumed = ({ type, behaviour }: Widget, run: WidgetRun<unknown>, { as, payload }: NonNullable<WidgetCase['arrives']>): Outcome => {
  const handler = behaviour?.resume?.[as];
  if (!handler) throw new Error(`${type} does not take ${as}`);
  return handler(run, { payload });
};

const toolsOf = (seen: JsonObject, warn: (warning: Warning) => void): Pick<WidgetRun<unknown>, 'render' | 'evaluate' | 'matches' | 'warn'> => ({
  warn,
  render: (source, context = seen) => {
    const { text, error } = liquid.parse(source).render(context, NOW_MS);
    if (error !== undefined) warn({ code: 81018, message: error });
    return text;
  },
  evaluate: (source, context = seen) => {
    const found = liquid.parse(source).evaluate(context, NOW_MS);
    return found && stored(found);
  },
  matches: (pattern, subject) => {
    try {
      return new RegExp(`^(?:${pattern})$`, 'iu').test(subject);
    } catch {
      warn({ code: 81005, message: `The pattern ${pattern} cannot be read` });
      return false;
    }
  },
});

// As the log keeps it: what JSON leaves out was never there, and nothing is shared.
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
