import { readFileSync } from 'node:fs';
import type { z } from 'zod';

type Env = Readonly<Record<string, string | undefined>>;

const FILE = '_FILE';

/** Whether a name says in which file a setting of the schema stands: `ATELIER_X_FILE` for `ATELIER_X`, unless the schema has that name itself. */
export const isSettingFile = (schema: z.ZodObject, name: string): boolean => name.endsWith(FILE) && !(name in schema.shape) && name.slice(0, -FILE.length) in schema.shape;

/** The settings with those that stand in files, as orchestrators hand out secrets; white space around them is not theirs. What cannot be read is a problem. */
export const withSettingFiles = (schema: z.ZodObject, env: Env): { readonly env: Env; readonly problems: readonly string[] } => {
  const read: Record<string, string> = {};
  const problems: string[] = [];
  for (const [name, file] of Object.entries(env)) {
    if (file === undefined || !isSettingFile(schema, name)) continue;
    const setting = name.slice(0, -FILE.length);
    if (env[setting] !== undefined) problems.push(`${setting} and ${name}: expected one of them`);
    else read[setting] = textOf(name, file, problems);
  }
  return { env: { ...env, ...read }, problems };
};

const textOf = (name: string, file: string, problems: string[]): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    problems.push(`${name}: cannot be read: ${(error as Error).message}`);
    return '';
  }
};
