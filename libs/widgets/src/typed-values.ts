import type { Json, JsonObject } from '@atelier/contracts';
import { z } from 'zod';
import { isObject } from './outcomes';
import type { WidgetRun } from './widget';

/** Levels of objects and arrays that a value may have: real ones stay below ten, and values are walked recursively. */
export const JSON_DEPTH_MAX = 64;

/** A JSON value from its text; undefined where it is none, or nested too deep. */
export const jsonOf = (text: string): Json | undefined => {
  try {
    const value = JSON.parse(text) as Json; // JSON.parse makes nothing else
    return isDeeper(value, JSON_DEPTH_MAX) ? undefined : value;
  } catch {
    return undefined; // the caller says what it expected
  }
};

/** Whether a value has more levels than that. */
export const isDeeper = (value: Json | undefined, levels: number): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each: Json | undefined) => isDeeper(each, levels - 1));
};

/** A rendered text as a value, as Studio types it (`spec/studio.md` 8): numbers, booleans, quoted texts; null is empty. */
export const typedText = (text: string): Json => {
  const trimmed = text.trim();
  const number = Number(trimmed);
  if (Number.isFinite(number) && String(number) === trimmed) return number;
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  if (trimmed === 'null') return '';
  const quoted = trimmed.length > 1 && trimmed.startsWith('"') && trimmed.endsWith('"') ? jsonOf(trimmed) : undefined;
  return typeof quoted === 'string' ? quoted : text;
};

/** A templated value that is to be JSON: a single expression is taken as it is, anything else is rendered and parsed; what does not parse stays text. */
export const jsonValue = (run: Pick<WidgetRun<unknown>, 'evaluate' | 'render' | 'warn'>, key: string, source: string, context?: JsonObject): Json => {
  const raw = run.evaluate(source, context)?.value;
  if (typeof raw === 'object') return raw;
  const text = run.render(source, context);
  const value = jsonOf(text);
  if (value === undefined) run.warn({ code: 81027, message: `The value of ${key} is no JSON` });
  return value === undefined ? text : value;
};

/** Seconds as text; undefined where there are none, or what is there cannot be read, with a warning of the engine. */
export const wholeSeconds = z
  .string()
  .trim()
  .regex(/^[0-9]{1,15}$/)
  .transform(Number)
  .optional();

/** A templated JSON text: templates stand inside its values, so what they print never breaks its form. Text that is no JSON is rendered as a whole. */
export const renderedJsonText = (run: Pick<WidgetRun<unknown>, 'render'>, source: string): string => {
  const parsed = jsonOf(source);
  return isObject(parsed) ? JSON.stringify(renderedValues(run, parsed)) : run.render(source);
};

const renderedValues = (run: Pick<WidgetRun<unknown>, 'render'>, value: Json): Json => {
  if (typeof value === 'string') return run.render(value);
  if (Array.isArray(value)) return value.map((each: Json) => renderedValues(run, each));
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, renderedValues(run, each ?? null)])) : value;
};
