import { join } from 'node:path';
import type { z } from 'zod';
import { deployFolder } from './routing-table';
import { SERVICE_NAMES, schemaOf } from './services';

/** The page of settings, made from the schemas that check them. */
export const settingsFile = join(deployFolder, '..', 'docs', 'settings.md');

const APPS = [...SERVICE_NAMES, 'atelier', 'cluster'] as const; // `cluster` passes on what it does not name

type Row = { readonly name: string; readonly fallback: string; readonly text: string; readonly apps: string[] };

/** One row for each setting; more where services say something else about it. */
export const settingsPage = (): string => {
  const rows = new Map<string, Row>();
  for (const app of APPS) {
    for (const [name, type] of Object.entries(schemaOf(app).shape) as [string, z.ZodType][]) {
      const [fallback, text] = [fallbackOf(type), textOf(type)];
      if (text === '') throw new Error(`expected ${name} of ${app} to be described`);
      const row = rows.get(`${name} ${fallback} ${text}`) ?? { name, fallback, text, apps: [] };
      rows.set(`${name} ${fallback} ${text}`, row);
      row.apps.push(app);
    }
  }
  const lines = [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)).map(({ name, fallback, text, apps }) => `| \`${name}\` | ${fallback} | ${text.replace(/[|<]/g, '\\$&')} | ${whoOf(apps)} |`);
  return [...HEAD, ...lines, ''].join('\n');
};

const HEAD = [
  '# Settings',
  '',
  'Made from the schemas that check them by `npm run cluster -- routes`. All are environment variables, read once at the start; whatever is wrong, missing or misspelt is said at once, and the process ends with 1. `ATELIER_X_FILE` names a file that holds `ATELIER_X`, for secrets. `npm run cluster` passes on to its services what is given to it.',
  '',
  '| setting | default | means | read by |',
  '|---|---|---|---|',
];

type Wrapping = z.ZodType & { readonly in?: z.ZodType; readonly unwrap?: () => z.ZodType };

// What is checked further on, or has another default here, has its sentence inside.
const textOf = (type: Wrapping): string => {
  const inner = type.in ?? type.unwrap?.();
  return type.description ?? (inner ? textOf(inner) : '');
};

const fallbackOf = (type: z.ZodType): string => {
  const { success, data } = type.safeParse(undefined);
  if (!success) return '**required**';
  return data === undefined || data === '' ? '–' : `\`${String(data)}\``;
};

const whoOf = (apps: readonly string[]): string => (SERVICE_NAMES.every((name) => apps.includes(name)) ? ['every service', ...apps.filter((app) => !(SERVICE_NAMES as readonly string[]).includes(app))] : apps).join(', ');
