import type { Json, JsonObject } from '@atelier/contracts';
import { charactersOf } from './json-values';
import type { EngineLimits } from './limits';
import type { ExecutionState } from './state';

/** What of some values an execution may keep, how many characters they are about, and why the others are left out. */
export type Afforded = { readonly kept: JsonObject; readonly characters: number; readonly refusals: readonly string[] };

/** Judges values that stand in so many places of the context. */
export const affordable = (values: JsonObject, places: number, { size: held, frames }: Pick<ExecutionState, 'size' | 'frames'>, { valueCharactersMax, contextCharactersMax }: EngineLimits): Afforded => {
  const sizes = Object.entries(values).map(([key, value = null]): Sized => [key, value, places * (key.length + charactersOf(value, valueCharactersMax))]);
  const total = sizes.reduce((sum, [, , size]) => sum + size, 0);
  if (held + total <= contextCharactersMax) return { kept: values, characters: total, refusals: [] };
  // Counted anew: the running figure still holds values that were overwritten.
  const used = frames.reduce((sum, { context }) => sum + charactersOf(context as unknown as JsonObject, contextCharactersMax), 0); // plain JSON throughout
  return chosen(sizes, contextCharactersMax - used, (key, size) =>
    size === Infinity ? `${key} has more than ${valueCharactersMax} characters` : `With ${key} the context would have more than ${contextCharactersMax} characters`,
  );
};

type Sized = readonly [key: string, value: Json, characters: number];

const chosen = (sizes: readonly Sized[], room: number, whyNot: (key: string, size: number) => string): Afforded => {
  const kept: [string, Json][] = [];
  const refusals: string[] = [];
  let characters = 0;
  for (const [key, value, size] of sizes) {
    if (characters + size > room) {
      refusals.push(whyNot(key, size));
      continue;
    }
    characters += size;
    kept.push([key, value]);
  }
  return { kept: Object.fromEntries(kept), characters, refusals };
};
