import type { Json, JsonObject } from '@atelier/contracts';

const DEPTH_MAX = 64; // real values stay below ten, and they are walked recursively

/** Whether a JSON value is an object. */
export const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object that a value is known to be; nothing where it is none. */
export const asObject = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** A copy that shares with the value only what lies deeper than so many levels. */
export const copyOf = (value: Json, levels: number): Json => {
  if (levels === 0) return value;
  if (Array.isArray(value)) return value.map((each: Json) => copyOf(each, levels - 1));
  if (!isObject(value)) return value;
  const copy: Record<string, Json | undefined> = {};
  for (const key of Object.keys(value)) {
    const each = value[key];
    if (each !== undefined) put(copy, key, copyOf(each, levels - 1));
  }
  return copy;
};

/** Objects merge recursively, arrays and scalars replace; keys that are not written stay (`spec/studio.md` 8). Neither value is changed. */
export const merged = (before: Json | undefined, after: Json): Json => {
  if (!isObject(before) || !isObject(after)) return after;
  const result: Record<string, Json | undefined> = { ...before };
  for (const key of Object.keys(after)) {
    const value = after[key];
    if (value !== undefined) put(result, key, merged(Object.hasOwn(before, key) ? before[key] : undefined, value));
  }
  return result;
};

/** Sets a key of a value that this caller owns; `__proto__` is a key as any other. */
export const put = (target: Record<string, Json | undefined>, key: string, value: Json): void => {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
};

/** About how many characters a value takes as JSON; Infinity as soon as it is more than `max`, or nested too deep to be walked. */
export const charactersOf = (value: Json | undefined, max: number): number => {
  const size = sizeOf(value, max, DEPTH_MAX);
  return size > max ? Infinity : size;
};

const sizeOf = (value: Json | undefined, left: number, depth: number): number => {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return String(value).length;
  if (depth === 0) return Infinity;
  const isList = Array.isArray(value);
  const parts = value as JsonObject; // a list is one whose keys are numbers
  let size = 2;
  for (const key of Object.keys(parts)) {
    size += (isList ? 1 : key.length + 4) + sizeOf(parts[key], left - size, depth - 1);
    if (size > left) return Infinity; // values share parts, so walking all of a large one may take for ever
  }
  return size;
};
