import replyFrom from '@fastify/reply-from';
import { ConfigurationError } from '@atelier/platform';
import { type ErrorBody, errorBody, sourceOf } from '@atelier/rest-kit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { CLOSED, FALLBACK, type RoutingTable, SCHEMAS } from './routing-table';
import { SERVICE_NAMES, type ServiceName } from './services';

const ANSWER_MS = 70_000; // longer than any service takes
const CONNECTIONS_MAX = 256; // to each service
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
  /** The services that are not ready; none: the whole is. */
  readonly unready: () => Promise<readonly string[]>;
};

export type Proxy = { readonly url: string; close(): Promise<void> };

/** One origin for all services: each request goes, as it came, to the service whose route it is. It listens before they do. */
export const startProxy = async (options: ProxyOptions): Promise<Proxy> => {
  const app = fastify({ routerOptions: { ignoreTrailingSlash: true, maxParamLength: PARAM_CHARACTERS_MAX }, forceCloseConnections: true });
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
  app.get('/health', () => ({ status: 'ok' }));
  app.get('/health/ready', async (_, reply) => {
    const waiting = await options.unready();
    return waiting.length === 0 ? { status: 'ready' } : unavailable(reply, `Not ready: ${waiting.join(', ')}`);
  });
  app.get('/openapi.json', () => options.openApi);
  for (const path of CLOSED) app.all(path, (request, reply) => reply.status(404).send(errorBody('NotFound', `The requested resource ${request.url.split('?', 1)[0]} was not found`)));
  for (const path of ['/schemas', '/schemas/*']) app.all(path, to(SCHEMAS));
  for (const service of SERVICE_NAMES) for (const path of options.table[service]) app.all(path, to(service));
  app.setNotFoundHandler(to(FALLBACK));
};

const forwarder = ({ sites, trustedProxies }: ProxyOptions) => {
  const source = sourceOf(trustedProxies);
  return (service: ServiceName) => (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    reply.from(undefined, {
      getUpstream: () => sites[service],
      retryDelay: () => null, // whoever asked decides about trying again
      // What a client claims about where it comes from is not passed on: services believe this proxy.
      rewriteRequestHeaders: (_, headers) => ({ ...headers, 'x-forwarded-for': source(request.raw).ip ?? undefined, 'x-forwarded-host': request.headers.host, 'x-forwarded-proto': 'http' }),
      onError: (answer) => void (answer as FastifyReply).send(unavailable(answer as FastifyReply, `${service} does not answer; try again`)),
    });
};

// Twilio's error form, so that clients try again as they do there.
const unavailable = (reply: FastifyReply, message: string): ErrorBody => {
  void reply.status(503).header('retry-after', '1').type('application/json');
  return errorBody('Unavailable', message);
};
