import { CLOSED, FALLBACK, type RoutingTable, SCHEMAS } from './routing-table';
import { SERVICE_NAMES, type ServiceName } from './services';

const PORT = 8080; // of every service in its container, and of the proxy

/** The routing table for Caddy, which stands before the services in `docker-compose.yml`. Names are resolved at each request, so services may be scaled. */
export const caddyfileOf = (table: RoutingTable): string =>
  [
    '# Generated from the controllers of the services by `npm run cluster -- routes`.',
    '{',
    '\tadmin off',
    '\tauto_https off',
    '\tpersist_config off',
    '}',
    '',
    `:${PORT} {`,
    `\t@closed path ${CLOSED.flatMap((path) => (path.endsWith('*') ? [path] : [path, `${path}/`])).join(' ')}`,
    '\thandle @closed {',
    '\t\trespond 404',
    '\t}',
    '\thandle /openapi.json {',
    '\t\troot * /srv',
    '\t\tfile_server',
    '\t}',
    ...SERVICE_NAMES.flatMap((service) => routesOf(service, patternsOf(service, table))),
    '\thandle {',
    `\t\t${upstreamOf(FALLBACK)}`,
    '\t}',
    '}',
    '',
  ].join('\n');

const patternsOf = (service: ServiceName, table: RoutingTable): string[] => [...(service === SCHEMAS ? ['/schemas', '/schemas/*'] : []), ...table[service]];

const routesOf = (service: ServiceName, paths: readonly string[]): string[] =>
  paths.length === 0 ? [] : [`\t@${service} path_regexp ^(?:${paths.map(regexOf).join('|')})/?$`, `\thandle @${service} {`, `\t\t${upstreamOf(service)}`, '\t}'];

/** A path of Fastify as a regular expression. */
export const regexOf = (path: string): string => path.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/:\w+/g, '[^/]+');

const upstreamOf = (service: ServiceName): string => `reverse_proxy {\n\t\t\tdynamic a ${service} ${PORT} {\n\t\t\t\trefresh 2s\n\t\t\t}\n\t\t\tlb_try_duration 10s\n\t\t}`;
