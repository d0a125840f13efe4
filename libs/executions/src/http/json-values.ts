import type { Json, JsonObject } from '@atelier/contracts';

const DEPTH_MAX = 64; // real documents stay below ten; the engine walks values recursively

/** Whether a JSON value is an object that can be walked and merged: not too deep, and no `__proto__` in it. */
export const isUsableObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value) && isTame(value, DEPTH_MAX);

/** A JSON object from its text; undefined for anything else, and for one nested too deep. */
export const jsonObjectOf = (text: string): JsonObject | undefined => {
  const value = jsonOf(text);
  return isUsableObject(value) ? value : undefined;
};

/** Any JSON value from its text; undefined where it is none. */
export const jsonOf = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json; // JSON.parse makes nothing else
  } catch {
    return undefined; // the caller says what it expected
  }
};

const isTame = (value: unknown, depth: number): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.entries(value).every(([name, each]) => name !== '__proto__' && isTame(each, depth - 1));
};
