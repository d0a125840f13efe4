import { Rejection } from '@atelier/contracts';
import { ConfigurationError, type Log, newSid } from '@atelier/platform';
import { type DynamicModule, type LoggerService, type Type, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication, FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';
import { authenticate } from './authentication';
import { registerBodyParsers } from './body-parsers';
import { CREDENTIAL_CHECK, type CredentialCheck } from './credential-check.port';
import { type Edge, type EdgeReply, type EdgeRequest, pathOf } from './edge';
import { errorAnswer, errorBody } from './error-answer';
import { ErrorFilter } from './error-filter';
import { HealthController, HealthRegistry } from './health';
import { bearsToken } from './internal-token';
import { MetricsController, MetricsRegistry } from './metrics';
import { metricsAccess } from './metrics-access';
import { OpenApi, OpenApiController } from './openapi';
import type { RestOptions } from './rest-options';
import { RouteTable } from './route-table';
import { SchemaRegistry, SchemasController } from './schemas';
import { sourceOf } from './source-address';
import { answerText } from './verbatim';

/** Health, metrics, schemas and OpenAPI; the registries are there for every module of the application. */
@Module({})
class RestModule {
  static with(options: RestOptions): DynamicModule {
    return {
      module: RestModule,
      global: true,
      controllers: [HealthController, MetricsController, SchemasController, OpenApiController],
      providers: [HealthRegistry, MetricsRegistry, SchemaRegistry, OpenApi, RouteTable, { provide: REST_OPTIONS, useValue: options }],
      exports: [HealthRegistry, MetricsRegistry, SchemaRegistry, RouteTable, REST_OPTIONS],
    };
  }
}

@Module({})
class HttpRoot {}

/** Token of the RestOptions of this application. */
export const REST_OPTIONS = Symbol('RestOptions');

/**
 * The REST edge over a root module, which must provide CREDENTIAL_CHECK somewhere. Routes are ready, nothing listens yet: see `listen`.
 * `close()` finishes the requests in hand; what they need must be closed in `onApplicationShutdown`, not in `onModuleDestroy`.
 */
export const createHttpApp = async (root: Type | DynamicModule, options: RestOptions): Promise<NestFastifyApplication> => {
  const adapter = new FastifyAdapter({
    genReqId: () => newSid('RQ'),
    bodyLimit: options.bodyBytesMax,
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false, // requests on open connections are finished
    routerOptions: { maxParamLength: PARAM_CHARACTERS_MAX, ignoreTrailingSlash: true }, // Unspecified by Twilio: some clients end paths so
    rewriteUrl: ({ url = '/' }) => url.replace(ORIGIN, '') || '/',
    frameworkErrors: unroutable,
    clientErrorHandler,
  });
  const module = { module: HttpRoot, imports: [RestModule.with(options), root] };
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { bodyParser: false, logger: nestLogger(options.log), abortOnError: false });
  prepare(app, adapter.getInstance() as unknown as FastifyInstance, options); // the adapter's type names its own logger
  app.get(OpenApi).attach(app);
  await app.init();
  await adapter.getInstance().ready();
  return app;
};

/** Listens, and answers the address as a URL. A port that is taken is a ConfigurationError. */
export const listen = async (app: NestFastifyApplication, at: { readonly host: string; readonly port: number }): Promise<string> => {
  try {
    await app.listen(at.port, at.host);
  } catch (error) {
    throw new ConfigurationError(`Cannot listen on ${at.host}:${at.port}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const address = app.getHttpServer().address();
  const url = `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${typeof address === 'object' && address ? address.port : at.port}`;
  const { edge } = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  edge.publicUrl ||= url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//127.0.0.1:');
  return url;
};

const REQUEST_TIMEOUT_MS = 60_000; // for the whole request to arrive; a slow sender must not hold a socket for ever
const ORIGIN = /^https?:\/\/[^/?#]*/i; // HTTP allows it in the first line; our own URLs begin with the public one
const PARAM_CHARACTERS_MAX = 500; // addresses of contacts stand in paths of the carrier

const prepare = (app: NestFastifyApplication, instance: FastifyInstance, options: RestOptions): void => {
  const routes = app.get(RouteTable);
  const metrics = app.get(MetricsRegistry);
  instance.decorate('edge', edgeOf(options));
  instance.decorateRequest('principal', undefined);
  instance.decorateRequest('rawBody', undefined);
  instance.setReplySerializer(answerText);
  registerBodyParsers(instance);
  routes.watch(instance);
  instance.addHook('onRequest', authenticate(credentialCheckOf(app)));
  // Fastify's own refusal closes the connection while the body still comes in, and the sender sees a broken pipe instead of the answer.
  instance.addHook('preParsing', ({ headers, routeOptions }, _, payload, done) => {
    const isTooLarge = Number(headers['content-length'] ?? 0) > (routeOptions.bodyLimit ?? options.bodyBytesMax);
    done(isTooLarge ? new Rejection('BodyTooLarge') : null, payload);
  });
  instance.addHook('onResponse', (request, reply, done) => {
    metrics.answered(request, reply);
    done();
  });
  let isClosing = false;
  instance.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  instance.addHook('onSend', (request, reply, _, done) => {
    reply.header('twilio-request-id', request.id);
    if (isClosing) reply.header('connection', 'close'); // else a kept-alive connection would hold the server open
    done();
  });
  app.useGlobalFilters(new ErrorFilter(routes));
};

const edgeOf = ({ region, log, publicUrl = '', trustedProxies, internalToken, metricsNetworks = [] }: RestOptions): Edge => {
  const source = sourceOf(trustedProxies);
  const isOperator = (authorization: string | undefined): boolean => bearsToken(authorization, internalToken);
  return { publicUrl, region, log, sourceOf: source, isOperator, mayReadMetrics: metricsAccess({ networks: metricsNetworks, internalToken, sourceOf: source }) };
};

const credentialCheckOf = (app: NestFastifyApplication): CredentialCheck => app.get<CredentialCheck>(CREDENTIAL_CHECK, { strict: false });

// A path that is no valid URL reaches no route and no hook.
const unroutable = (error: FastifyError, request: EdgeRequest, reply: EdgeReply): void => {
  const { status, body } = errorAnswer(error.code === 'FST_ERR_BAD_URL' ? new Rejection('NotFound') : error, pathOf(request));
  void reply.status(status).header('twilio-request-id', request.id).type('application/json; charset=utf-8').send(JSON.stringify(body));
};

// What is not even HTTP never becomes a request.
const clientErrorHandler = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const body = JSON.stringify(errorBody('MalformedBody', 'The request could not be read'));
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nTwilio-Request-Id: ${newSid('RQ')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
};

// Nest's own lines: only what is wrong.
const nestLogger = (log: Log): LoggerService => ({
  log: () => undefined,
  warn: (message: unknown) => log.warn({}, String(message)),
  error: (message: unknown, stack?: unknown) => log.error({ stack }, String(message)),
  fatal: (message: unknown) => log.error({}, String(message)),
});
