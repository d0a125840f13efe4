import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type ServiceName, SERVICE_NAMES } from './services';

/** Which service answers which paths, as Fastify writes them (`/v2/Flows/:sid`); generated from the controllers by `npm run cluster -- routes`. */
export type RoutingTable = Readonly<Record<ServiceName, readonly string[]>>;

/** Of every service, and answered by the proxy itself or by one of them. */
export const SHARED = ['/health', '/health/ready', '/metrics', '/openapi.json', '/schemas', '/schemas/*'] as const;

/** Between services only: the proxy never lets them through. */
export const CLOSED = ['/internal', '/internal/*', '/metrics'] as const;

/** Answers what no service has: its 404 is everybody's. */
export const FALLBACK: ServiceName = 'execution-api';

/** Publishes the JSON Schemas of widgets beside those that every service has. */
export const SCHEMAS: ServiceName = 'flow-service';

export const deployFolder = join(__dirname, '..', '..', '..', 'deploy');

const table = z.record(z.enum(SERVICE_NAMES as [ServiceName, ...ServiceName[]]), z.array(z.string()));

/** The generated table. */
export const readRoutingTable = (): RoutingTable => table.parse(JSON.parse(readFileSync(join(deployFolder, 'routes.json'), 'utf8')));

/** From the OpenAPI documents of the services; `{sid}` there is `:sid` here. Two services with one path are a mistake, for only one can answer. */
export const routingTableOf = (documents: Readonly<Record<ServiceName, { readonly paths: object }>>): RoutingTable => {
  const shared = new Set<string>(SHARED);
  const rows = SERVICE_NAMES.map((service) => [service, pathsOf(documents[service]).filter((path) => !shared.has(path) && !path.startsWith('/internal/'))] as const);
  const all = rows.flatMap(([, paths]) => paths);
  const twice = all.filter((path, n) => all.indexOf(path) !== n);
  if (twice.length > 0) throw new Error(`expected each path to belong to one service, found several for ${twice.join(', ')}`);
  return Object.fromEntries(rows) as Record<ServiceName, string[]>; // one for each
};

const pathsOf = ({ paths }: { readonly paths: object }): string[] =>
  Object.keys(paths)
    .map((path) => path.replace('{path}', '*').replace(/\{(\w+)\}/g, ':$1'))
    .map((path) => (path.length > 1 ? path.replace(/\/$/, '') : path))
    .sort();
