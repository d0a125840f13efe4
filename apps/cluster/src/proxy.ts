import replyFrom from '@fastify/reply-from';
import { ConfigurationError } from '@atelier/platform';
import { type ErrorBody, errorBody, sourceOf } from '@atelier/rest-kit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { CLOSED, FALLBACK, type RoutingTable, SCHEMAS } from './routing-table';
import { SERVICE_NAMES, type ServiceName } from './services';

const ANSWER_MS = 70_000; // longer than any service takes
const CONNECTIONS_MAX = 256; // to each service
const ORIGIN = /^https?:\/\/[^/?#]*/i; // HTTP allows it in the first line
const PARAM_CHARACTERS_MAX = 500; // as in rest-kit: addresses of contacts stand in paths

export type ProxyOptions = {
  readonly host: string;
  readonly port: number;
  readonly table: RoutingTable;
  /** Origin of each service. */
  readonly sites: Readonly<Record<ServiceName, string>>;
  readonly trustedProxies: readonly string[];
  /** The OpenAPI document of all services together. */
  readonly openApi: object;
  /** Resolves once a service takes requests, or when it has been waited for long enough: a restart is a wait for its callers, no refusal. */
  readonly whenUp?: (service: ServiceName) => Promise<void>;
  /** The services that are not ready; none: the whole is. */
  readonly unready: () => Promise<readonly string[]>;
};

export type Proxy = { readonly url: string; close(): Promise<void> };

/** One origin for all services: each request goes, as it came, to the service whose route it is. It listens before they do. */
export const startProxy = async (options: ProxyOptions): Promise<Proxy> => {
  const app = fastify({
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: PARAM_CHARACTERS_MAX },
    forceCloseConnections: true,
    rewriteUrl: ({ url = '/' }) => url.replace(ORIGIN, '') || '/',
    frameworkErrors: (_, request, reply) => void notFound(request, reply),
  });
  await app.register(replyFrom, { disableCache: true, undici: { connections: CONNECTIONS_MAX, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS } });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload)); // bodies pass through unread
  routes(app, options);
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    throw new ConfigurationError(`Cannot listen on ${options.host}:${options.port}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return { url: `http://${options.host === '0.0.0.0' ? '127.0.0.1' : options.host}:${port}`, close: () => app.close() };
};

const routes = (app: FastifyInstance, options: ProxyOptions): void => {
  const to = forwarder(options);
  app.addHook('onRequest', (request, reply, done) => (isOpen(pathOf(request)) ? done() : void notFound(request, reply)));
  app.get('/health', () => ({ status: 'ok' }));
  app.get('/health/ready', async (_, reply) => {
    const waiting = await options.unready();
    return waiting.length === 0 ? { status: 'ready' } : unavailable(reply, `Not ready: ${waiting.join(', ')}`);
  });
  app.get('/openapi.json', () => options.openApi);
  for (const path of ['/schemas', '/schemas/*']) app.all(path, to(SCHEMAS));
  for (const service of SERVICE_NAMES) for (const path of options.table[service]) app.all(path, to(service));
  app.setNotFoundHandler(to(FALLBACK));
};

const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0] ?? '';

// Whoever forwards a path resolves dots and turns backslashes, after the route was chosen: such a path would arrive somewhere else than it was sent to.
const AMBIGUOUS = /[\\\s]|\/(?:\.|%2e){1,2}(?:\/|%2f|$)/i;
const closed = new RegExp(`^(?:${CLOSED.map((path) => path.replace('/*', '/.*')).join('|')})/?$`, 'i');

/** Whatever the method, and however it is written. */
const isOpen = (path: string): boolean => {
  if (AMBIGUOUS.test(path)) return false;
  try {
    return !closed.test(decodeURIComponent(path).replace(/\/{2,}/g, '/'));
  } catch {
    return false; // no URL
  }
};

const notFound = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  reply.status(404).type('application/json').send(JSON.stringify(errorBody('NotFound', `The requested resource ${pathOf(request)} was not found`)));

const forwarder = ({ sites, trustedProxies, whenUp }: ProxyOptions) => {
  const source = sourceOf(trustedProxies);
  return (service: ServiceName) => async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    await whenUp?.(service);
    return reply.from(undefined, {
      getUpstream: () => sites[service],
      retryDelay: () => null, // whoever asked decides about trying again
      // What a client claims about where it comes from is not passed on: services believe this proxy.
      rewriteRequestHeaders: (_, headers) => ({ ...headers, 'x-forwarded-for': source(request.raw).ip ?? undefined, 'x-forwarded-host': request.headers.host, 'x-forwarded-proto': 'http' }),
      rewriteHeaders: ({ connection: _, 'keep-alive': __, ...headers }) => headers, // they are about our own connection to the service, not about the client's
      onError: (answer) => void (answer as FastifyReply).send(unavailable(answer as FastifyReply, `${service} does not answer; try again`)),
    });
  };
};

// Twilio's error form, so that clients try again as they do there.
const unavailable = (reply: FastifyReply, message: string): ErrorBody => {
  void reply.status(503).header('retry-after', '1').type('application/json');
  return errorBody('Unavailable', message);
};
