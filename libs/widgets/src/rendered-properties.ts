import type { Json, JsonObject, WarningCode } from '@atelier/contracts';
import { isObject } from './outcomes';
import { hasLiquid } from './properties';
import type { Widget, WidgetRun } from './widget';

/** Names of the properties that are rendered when a widget is entered: templates among those that it reads, literal ones aside. */
export const templatedOf = ({ literal, behaviour }: Widget, properties: JsonObject): readonly string[] =>
  Object.keys(behaviour?.rendered?.shape ?? {}).filter((key) => Object.hasOwn(properties, key) && !literal.includes(key) && hasLiquid(JSON.stringify(properties[key])));

/** What a widget receives and who renders it. */
export type Received = {
  readonly widget: Widget;
  /** As stored. */
  readonly properties: JsonObject;
  /** Answer of `templatedOf`, which a compiled flow remembers. */
  readonly templated: readonly string[];
  readonly render: WidgetRun<unknown>['render'];
  readonly warn: (code: WarningCode, message: string) => void;
};

/** The properties that a widget receives: templates rendered, texts read as their types; what cannot be read is 81027 and its default. */
export const renderedProperties = ({ widget, properties, templated, render, warn }: Received): unknown => {
  const schema = widget.behaviour?.rendered;
  if (!schema) return {};
  const given: Record<string, unknown> = { ...properties };
  for (const key of templated) given[key] = rendered(render, properties[key] ?? '');
  for (const [key, value] of Object.entries(given)) if (value === null) delete given[key];
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  for (const key of new Set(parsed.error.issues.map(({ path }) => String(path[0])))) {
    warn(81027, `The value of ${key} cannot be read; its default counts`);
    delete given[key];
  }
  return schema.parse(given);
};

const rendered = (render: Received['render'], value: Json): Json => {
  if (typeof value === 'string') return render(value);
  if (Array.isArray(value)) return value.map((each: Json) => renderedPair(render, each));
  return value;
};

// Only values of pairs are templates; their keys are literal.
const renderedPair = (render: Received['render'], pair: Json): Json =>
  isObject(pair) && 'value' in pair ? { ...pair, value: rendered(render, pair['value'] ?? '') } : pair;
