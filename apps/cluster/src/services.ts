import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ConfigurationError } from '@atelier/platform';
import { z } from 'zod';

/** A context's database; execution-api and execution-worker are two doors of one. */
export type Context = 'flows' | 'executions' | 'credentials' | 'audit' | 'carrier';
export const CONTEXTS = ['flows', 'executions', 'credentials', 'audit', 'carrier'] as const satisfies readonly Context[];

/** The services of an installation, in the order in which they start: those that others ask come first. */
export const SERVICES = {
  'credentials-service': { context: 'credentials' },
  'flow-service': { context: 'flows' },
  carrier: { context: 'carrier' },
  'audit-service': { context: 'audit' },
  'execution-api': { context: 'executions' },
  'execution-worker': { context: 'executions' },
} as const satisfies Readonly<Record<string, { readonly context: Context }>>;

export type ServiceName = keyof typeof SERVICES;
export const SERVICE_NAMES = Object.keys(SERVICES) as readonly ServiceName[]; // the keys of a constant table

export const serviceOf = (text: string): ServiceName => {
  const name = SERVICE_NAMES.find((each) => each === text);
  if (!name) throw new ConfigurationError(`Expected one of ${SERVICE_NAMES.join(', ')}, found ${text}`);
  return name;
};

const root = join(__dirname, '..', '..', '..');
const apps = join(root, 'apps');

/** The root of a checkout whose services are built. */
export type Build = string;
export const OWN_BUILD: Build = root;

/** The build in a folder. Throws where a service is missing. */
export const buildIn = (folder: string): Build => {
  const build = resolve(folder);
  const missing = SERVICE_NAMES.filter((name) => !existsSync(mainOf(name, build)));
  if (missing.length > 0) throw new ConfigurationError(`Expected built services in ${build}, found none of ${missing.join(', ')}: \`npm ci\` and \`npx nx run-many -t build\` there`);
  return build;
};

/** The entry point of a service, as its build makes it. */
export const mainOf = (service: ServiceName, build: Build): string => join(build, 'apps', service, 'dist', 'main.js');

/** A module of a service: what is compiled takes what is compiled, a test takes the sources. Apps do not import each other; this one starts the others. */
export const moduleOf = (service: string, name: string): Readonly<Record<string, unknown>> => require(join(apps, service, basename(__dirname), name)) as Readonly<Record<string, unknown>>; // exports of ours

/** Everything that an app may be told. */
export const schemaOf = (app: string): z.ZodObject => {
  const schema = Object.values(moduleOf(app, 'config')).find((each) => each instanceof z.ZodObject);
  if (!schema) throw new Error(`expected apps/${app}/src/config.ts to export the schema of its settings`);
  return schema;
};
