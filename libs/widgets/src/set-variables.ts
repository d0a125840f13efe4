import type { Json, JsonObject } from '@atelier/contracts';
import { z } from 'zod';
import { defineWidget } from './define-widget';
import { isObject } from './outcomes';
import { bool, hasLiquid, propertiesOf, text, typedPair } from './properties';
import { jsonValue, typedText } from './typed-values';
import type { WidgetRun } from './widget';

// `type` is what the console writes, `parse_as_json` what Twilio's authoring reference says; `index` is the display order of old exports.
const variable = typedPair.extend({ parse_as_json: bool.optional(), index: text.optional() });

type Entry = { readonly key: string; readonly value: string; readonly type?: string; readonly parse_as_json?: boolean };

// Unspecified by Twilio: a later entry sees the earlier ones.
const variablesOf = (run: WidgetRun<unknown>): JsonObject => {
  // Checked when the definition was saved.
  const entries = (run.state.properties['variables'] ?? []) as readonly JsonObject[] as unknown as readonly Entry[];
  const set: Record<string, Json> = {};
  let seen: Seen | undefined;
  for (const [i, entry] of entries.entries()) {
    if (i > 0 && hasLiquid(entry.value)) seen ??= seeing(run.context, set);
    const value = valueOf(run, entry, seen?.context ?? run.context);
    put(set, entry.key, value);
    if (seen) put(seen.variables, entry.key, value);
  }
  return set;
};

const valueOf = (run: WidgetRun<unknown>, { key, value, type, parse_as_json: isJson }: Entry, context: JsonObject): Json =>
  type === 'json_object' || isJson ? (jsonValue(run, key, value, context) ?? '') : typedText(run.render(value, context));

/** The context with variables of its own, which grow with every entry. */
type Seen = { readonly context: JsonObject; readonly variables: Record<string, Json | undefined> };

const seeing = (context: JsonObject, set: JsonObject): Seen => {
  const flow = isObject(context['flow']) ? context['flow'] : {};
  const variables = { ...(isObject(flow['variables']) ? flow['variables'] : {}), ...set };
  return { context: { ...context, flow: { ...flow, variables } }, variables };
};

// `__proto__` is a name as any other.
const put = (target: object, key: string, value: Json): void => void Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });

/** Writes variables for the rest of the execution. */
export const setVariables = defineWidget({
  type: 'set-variables',
  title: 'Set Variables',
  stored: propertiesOf({
    variables: z.array(variable).optional(),
  }),
  literal: [],
  transitions: ['next'],
  behaviour: {
    enter: (run) => ({ kind: 'leave', by: 'next', variables: variablesOf(run) }),
  },
});
