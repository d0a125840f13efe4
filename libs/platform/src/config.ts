import { z } from 'zod';
import { isSettingFile, withSettingFiles } from './setting-files';

/** A mistake in the settings: one clear text for the operator, exit code 1. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

// The tests' own, and what is said once for a machine, whichever command of ours its shell starts: a process that does not need it passes over it.
const OF_OTHERS = /^ATELIER_(TEST_.*|CACHE_DIR)$/;

/** Reads the settings of a schema; every mistake at once, a misspelt `ATELIER_` name is one. `ATELIER_TEST_*` belongs to the tests; `ATELIER_X_FILE` names a file that holds `ATELIER_X`. */
export const readConfig = <S extends z.ZodObject>(schema: S, env: Readonly<Record<string, string | undefined>>): z.infer<S> => {
  const unknown = Object.keys(env).filter((name) => name.startsWith('ATELIER_') && !OF_OTHERS.test(name) && !(name in schema.shape) && !isSettingFile(schema, name));
  const files = withSettingFiles(schema, env);
  const parsed = schema.safeParse(files.env);
  const problems = [
    ...unknown.map((name) => `${name}: no such setting`),
    ...files.problems,
    ...(parsed.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? []),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigurationError(`The configuration is not valid:\n  ${problems.join('\n  ')}`);
  return parsed.data;
};

/** A whole number of something, as a setting. */
export const wholeNumber = (fallback: number, text: string, min = 0): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(min).default(fallback).describe(text);

/** `on`/`off` style switches: the first value is the default. */
export const oneOf = <const V extends readonly [string, ...string[]]>(values: V, text: string) => z.enum(values).default(values[0] as V[number]).describe(text);
