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
  const set = new Map<string, Json>();
  for (const entry of entries) set.set(entry.key, valueOf(run, entry, set.size > 0 && hasLiquid(entry.value) ? seeing(run.context, set) : run.context));
  return Object.fromEntries(set);
};

const valueOf = (run: WidgetRun<unknown>, { key, value, type, parse_as_json: isJson }: Entry, context: JsonObject): Json =>
  type === 'json_object' || isJson ? jsonValue(run, key, value, context) : typedText(run.render(value, context));

const seeing = (context: JsonObject, set: ReadonlyMap<string, Json>): JsonObject => {
  const flow = isObject(context['flow']) ? context['flow'] : {};
  const variables = isObject(flow['variables']) ? flow['variables'] : {};
  return { ...context, flow: { ...flow, variables: { ...variables, ...Object.fromEntries(set) } } };
};

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
