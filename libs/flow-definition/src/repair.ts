import { WORDS } from '@atelier/widgets';
import type { Edit } from './json-edit';
import { objectOf, textOf } from './outline';
import { type Finding, type Path, pointerOf, valueAt } from './problem';

/** A change that the import makes, and how it says so. */
export type Repair = { readonly edit: Edit; readonly note: Finding };

/** Makes a value what Studio's validator wants where that is certain: `3600` → `"3600"`, `"true"` → `true`, an unused null goes. */
export const coercionsOf = (value: unknown, errors: readonly Finding[]): Repair[] =>
  errors.flatMap((error) => {
    if (error.expected === undefined || isOfTheGraph(error.path)) return [];
    const found = valueAt(value, error.path);
    const json = (COERCIONS[error.expected] ?? (() => undefined))(found);
    if (json !== undefined) return [repair(error, json, `was ${JSON.stringify(found)}, became ${json}`, 'coerced')];
    return found === null && typeof error.path.at(-1) === 'string' ? [repair(error, undefined, 'was null and was left out', 'coerced')] : [];
  });

/** Names, types, events and targets: a value of the wrong type there is no slip of the pen. */
const isOfTheGraph = (path: Path): boolean => path[0] === 'states' && path[2] !== 'properties' && path[4] !== 'conditions';

/** By the type that is wanted: the JSON text of the same value in that type, or undefined. */
const COERCIONS: Readonly<Record<string, (found: unknown) => string | undefined>> = {
  string: (found) => (typeof found === 'number' || typeof found === 'boolean' ? JSON.stringify(String(found)) : undefined),
  integer: (found) => (typeof found === 'string' && /^-?(0|[1-9]\d{0,14})$/.test(found) ? found : undefined),
  boolean: (found) => (found === 'true' || found === 'false' ? found : undefined),
};

/** Conditions may lack what only strict create insists on; they get what the engine would assume. */
export const completionsOf = (value: unknown, errors: readonly Finding[]): Repair[] => {
  const incomplete = new Map<string, { readonly path: Path; readonly keys: string[] }>();
  for (const { path, message } of errors) {
    const key = path[6];
    if (message !== WORDS.missing || path[4] !== 'conditions' || path.length !== 7 || typeof key !== 'string' || key === 'type') continue;
    const condition = path.slice(0, 6);
    const known = incomplete.get(pointerOf(condition)) ?? { path: condition, keys: [] };
    incomplete.set(pointerOf(condition), { path: condition, keys: [...known.keys, key] });
  }
  return [...incomplete.values()].map(({ path, keys }) => completion(value, path, keys));
};

const completion = (value: unknown, path: Path, keys: readonly string[]): Repair => {
  const input = textOf(valueAt(value, [...path.slice(0, 2), 'properties', 'input'])) ?? '';
  const defaults: Readonly<Record<string, unknown>> = { friendly_name: '', arguments: [input], value: '' };
  const added = Object.fromEntries(keys.map((key) => [key, defaults[key]]));
  const json = JSON.stringify({ ...objectOf(valueAt(value, path)), ...added });
  return repair({ path }, json, `had no ${keys.join(', no ')}; that was added`, 'completed');
};

/** Ends the branches that lead to states which do not exist. */
export const endingsOf = (value: unknown, errors: readonly Finding[]): Repair[] =>
  errors
    .filter(({ code }) => code === 'dangling-next')
    .map((error) => repair(error, undefined, `named ${String(valueAt(value, error.path))}, which does not exist; the branch ends`, 'branch-ended'));

const repair = ({ path }: Pick<Finding, 'path'>, json: string | undefined, message: string, code: string): Repair => ({
  edit: { path, json },
  note: { path, message, code },
});
