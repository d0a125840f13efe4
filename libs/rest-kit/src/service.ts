import { type InternalClient, type Log, Parts, type Running, type Say, createInternalClient, createLog } from '@atelier/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import { HealthRegistry } from './health';
import { createHttpApp, listen } from './http-app';
import { MetricsRegistry } from './metrics';
import { type restConfig, restOptionsOf } from './rest-options';

/** What a service is made of, once its parts have started. */
export type ServiceDefinition = {
  /** Modules with the routes and the handlers of this service. One of them, or `providers`, provides CREDENTIAL_CHECK. */
  readonly imports: readonly DynamicModule[];
  readonly providers?: DynamicModule['providers'];
  readonly exports?: DynamicModule['exports'];
  /** Transports of the handlers. They are started before the service listens, and finish their batches before its parts are stopped. */
  readonly transports?: readonly CustomTransportStrategy[];
  /** What must answer for the service to be ready, beside what its modules say. */
  readonly needs?: Readonly<Record<string, () => Promise<unknown>>>;
  /** What is told beside it, and that the service goes on without. */
  readonly signs?: Readonly<Record<string, () => Promise<unknown>>>;
  /** The figures of its parts. */
  readonly metrics?: readonly Registry[];
  /** Once it listens. */
  readonly listening?: () => Promise<void>;
};

export type ServiceSettings = z.infer<typeof restConfig> & { readonly ATELIER_INTERNAL_TOKEN?: string | undefined; readonly ATELIER_LOG_LEVEL: string };

/** A service that listens. */
export type RunningService = Running & { readonly url: string };

@Module({})
class ServiceRoot {}

/** Starts the parts, then the application over them; what was started is stopped again where a later part fails. */
export const startService = async (
  name: string,
  config: ServiceSettings,
  say: Say,
  compose: (parts: Parts, log: Log) => Promise<ServiceDefinition>,
): Promise<RunningService> => {
  const log = createLog(name, config.ATELIER_LOG_LEVEL);
  const parts = new Parts(say);
  try {
    const definition = await compose(parts, log);
    const app = await parts.start('REST', () => applicationOf(definition, config, log), (each) => each.close());
    const url = await listen(app, { host: config.ATELIER_HTTP_HOST, port: config.ATELIER_HTTP_PORT });
    await definition.listening?.();
    say(`\n${name} is ready at ${url}`);
    return { url, stop: () => parts.stop() };
  } catch (error) {
    await parts.stop().catch((failure: unknown) => log.error({ error: String(failure) }, 'what had been started could not be stopped'));
    throw error;
  }
};

/** Questions to another service, as a part. */
export const startClient = (parts: Parts, name: string, url: string, token: string): Promise<InternalClient> =>
  parts.start(name, async () => createInternalClient({ url, token }), (client) => client.close());

const applicationOf = async (definition: ServiceDefinition, config: ServiceSettings, log: Log): Promise<NestFastifyApplication> => {
  const { imports, providers = [], exports = [], transports = [], needs = {}, signs = {}, metrics = [] } = definition;
  const root: DynamicModule = { module: ServiceRoot, imports: [...imports], providers, exports };
  const app = await createHttpApp(root, restOptionsOf(config, log));
  const health = app.get(HealthRegistry);
  for (const [what, check] of Object.entries(needs)) health.addCheck(what, check);
  for (const [what, check] of Object.entries(signs)) health.addSign(what, check);
  for (const registry of metrics) app.get(MetricsRegistry).add(registry);
  for (const strategy of transports) app.connectMicroservice({ strategy });
  await app.startAllMicroservices();
  return app;
};
