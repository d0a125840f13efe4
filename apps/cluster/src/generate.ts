import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Messaging } from '@atelier/bus';
import { type Say, readConfig } from '@atelier/platform';
import type { RunningService } from '@atelier/rest-kit';
import { Registry } from 'prom-client';
import { caddyfileOf } from './caddyfile';
import { type Installation, planOf } from './plans';
import { type RoutingTable, SHARED, deployFolder, routingTableOf } from './routing-table';
import { OWN_BUILD, SERVICE_NAMES, type ServiceName, moduleOf, schemaOf } from './services';

export type OpenApiDocument = { readonly paths: Readonly<Record<string, object>>; readonly components?: { readonly schemas?: object } };
export type Documents = Readonly<Record<ServiceName, OpenApiDocument>>;

/** What stands in `deploy/`: file name → text. */
export type Generated = Readonly<Record<'routes.json' | 'Caddyfile' | 'openapi.json', string>>;

/** Everything that is made from the controllers of the services. */
export const generated = (documents: Documents): Generated => {
  const table = routingTableOf(documents);
  return { 'routes.json': `${JSON.stringify(table, null, 1)}\n`, Caddyfile: caddyfileOf(table), 'openapi.json': `${JSON.stringify(openApiOf(documents, table))}\n` };
};

export const writeGenerated = (files: Generated): void => {
  mkdirSync(deployFolder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(deployFolder, name), text);
};

/** The OpenAPI document of each service, as it answers it. They run in this process, without Kafka, over databases that are prepared and may be empty. */
export const documentsOf = async (installation: Installation): Promise<Documents> => {
  const running: RunningService[] = [];
  const documents: Partial<Record<ServiceName, OpenApiDocument>> = {};
  try {
    for (const service of SERVICE_NAMES) {
      const started = await starterOf(service)(readConfig(schemaOf(service), planOf(installation, service, service, 0, OWN_BUILD).env), () => undefined, async () => alone());
      running.push(started);
      documents[service] = (await (await fetch(`${started.url}/openapi.json`)).json()) as OpenApiDocument; // of our own
    }
    return documents as Documents; // one for each
  } finally {
    for (const each of running.reverse()) await each.stop();
  }
};

/** Nobody is told anything, and nothing comes. */
const alone = (): Messaging => ({
  bus: { subscribe: async () => () => Promise.resolve(), lag: async () => [], close: () => Promise.resolve() },
  publish: () => undefined,
  reach: () => Promise.resolve(),
  metrics: new Registry(),
  close: () => Promise.resolve(),
});

type Starter = (config: unknown, say: Say, connect: () => Promise<Messaging>) => Promise<RunningService>;

const starterOf = (service: ServiceName): Starter => {
  const start = Object.values(moduleOf(service, service)).find((each) => typeof each === 'function');
  if (!start) throw new Error(`expected apps/${service}/src/${service}.ts to export the function that starts it`);
  return start as Starter; // `startService` of rest-kit with its settings
};

/** One document for one origin. */
const openApiOf = (documents: Documents, table: RoutingTable): object => {
  const first = documents['flow-service'];
  const routed = new Set<string>([...SHARED, ...Object.values(table).flat()]);
  const paths = Object.assign({}, ...Object.values(documents).map((document) => document.paths)) as OpenApiDocument['paths'];
  const shown = Object.entries(paths).filter(([path]) => routed.has(path.replace('{path}', '*').replace(/\{(\w+)\}/g, ':$1').replace(/(.)\/$/, '$1')));
  const schemas: object = Object.assign({}, ...Object.values(documents).map(({ components }) => components?.schemas ?? {}));
  return { ...first, servers: [{ url: '/' }], paths: Object.fromEntries(shown.sort(([a], [b]) => (a < b ? -1 : 1))), components: { ...first.components, schemas } };
};
