import type { Edit } from './json-edit';
import { type Finding, valueAt } from './problem';

/** A change that the import makes, and how it says so. */
export type Repair = { readonly edit: Edit; readonly note: Finding };

/** Makes a value of a property what Studio's validator wants where that is certain: `3600` → `"3600"`, `"true"` → `true`, an unused null goes. */
export const coercionsOf = (value: unknown, errors: readonly Finding[]): Repair[] =>
  errors.flatMap((error) => {
    if (error.expected === undefined || error.path[2] !== 'properties') return [];
    const found = valueAt(value, error.path);
    const json = (COERCIONS[error.expected] ?? (() => undefined))(found);
    if (json !== undefined) return [repair(error, json, `was ${JSON.stringify(found)}, became ${json}`, 'coerced')];
    return found === null && typeof error.path.at(-1) === 'string' ? [repair(error, undefined, 'was null and was left out', 'coerced')] : [];
  });

/** By the type that is wanted: the JSON text of the same value in that type, or undefined. */
const COERCIONS: Readonly<Record<string, (found: unknown) => string | undefined>> = {
  string: (found) => (typeof found === 'number' || typeof found === 'boolean' ? JSON.stringify(String(found)) : undefined),
  integer: (found) => (typeof found === 'string' && /^-?(0|[1-9]\d{0,14})$/.test(found) ? found : undefined),
  boolean: (found) => (found === 'true' || found === 'false' ? found : undefined),
};

/** Ends the branches that lead to states which do not exist. */
export const endingsOf = (value: unknown, errors: readonly Finding[]): Repair[] =>
  errors
    .filter(({ code }) => code === 'dangling-next')
    .map((error) => repair(error, undefined, `named ${String(valueAt(value, error.path))}, which does not exist; the branch ends`, 'branch-ended'));

const repair = ({ path }: Finding, json: string | undefined, message: string, code: string): Repair => ({
  edit: { path, json },
  note: { path, message, code },
});
