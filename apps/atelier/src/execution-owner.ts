import { connectKafka } from '@atelier/bus';
import { type CredentialsOptions, CREDENTIALS_MIGRATIONS, createCredentialsCore } from '@atelier/credentials';
import { type ExecutionWorker, Growth, createEffects, createExecutionWorker, executionRules, openExecutionsDatabase, ownedTopics, withdrawOwned, workerSettingsOf } from '@atelier/executions';
import { FLOWS_MIGRATIONS, createFlowsCore, flowsOptionsOf } from '@atelier/flows';
import { type Database, type Log, Parts, createHttpCaller, createLog, databaseMetrics, httpCallerOptionsOf, openDatabase, processMetrics } from '@atelier/platform';
import type { Metrics } from '@atelier/rest-kit';
import { createMessagesApi } from '@atelier/twilio-client';
import type { AtelierConfig } from './config';

/** What the thread is given; plain data, for it crosses the boundary of threads. */
export type OwnerData = {
  readonly config: AtelierConfig;
  readonly databaseUrl: string;
  readonly credentials: Pick<CredentialsOptions, 'region'> & { readonly masterKey: Uint8Array; readonly storeGeneration?: number };
  /** Where carriers report to. */
  readonly publicUrl: string;
  /** Where messages are sent to. */
  readonly carrier: { readonly baseUrl: string; readonly isLookupConclusive: boolean };
};

/** What the thread runs, until it is stopped. */
export type ExecutionOwner = { metrics(): Promise<Metrics>; stop(): Promise<void> };

/**
 * Owns shards of executions: engine, timers, effects, and their topics where there are brokers. It meets the doors in the inbox alone; flows and credentials
 * it reads over connections of its own. Resolves once it looks for shards.
 */
export const startExecutionOwner = async ({ config, databaseUrl: url, credentials, publicUrl, carrier }: OwnerData): Promise<ExecutionOwner> => {
  const log = createLog('execution-worker', config.ATELIER_LOG_LEVEL);
  const parts = new Parts(() => undefined);
  try {
    const [executions, flows, secrets] = await Promise.all([
      parts.start('executions', () => openExecutionsDatabase(url), (database) => database.close()),
      parts.start('flows', () => openDatabase({ url, schema: 'flows', migrations: FLOWS_MIGRATIONS, poolMax: 4 }), (database) => database.close()),
      parts.start('credentials', () => openDatabase({ url, schema: 'credentials', migrations: CREDENTIALS_MIGRATIONS, poolMax: 4 }), (database) => database.close()),
    ]);
    const { directory } = createFlowsCore(flows, flowsOptionsOf(config));
    const masterKey = Buffer.from(credentials.masterKey);
    const keys = await parts.start('keys', () => createCredentialsCore(secrets, { ...credentials, masterKey }), (core) => core.close());
    const caller = await parts.start('caller', async () => createHttpCaller(httpCallerOptionsOf(config)), (each) => each.close());
    const performer = createEffects({
      messages: createMessagesApi(caller, carrier),
      keys: keys.studioKey,
      signing: keys.signingToken,
      caller,
      carrierOrigin: new URL(carrier.baseUrl).origin,
      publicUrl: () => publicUrl,
      log,
    });
    const growth = new Growth();
    const worker = createExecutionWorker({ db: executions, directory, performer, studioKey: keys.studioKey, rules: executionRules(config), log, growth, settings: workerSettingsOf(config) });
    await publishOwned(config, executions, worker, growth, parts, log);
    await parts.start('worker', () => worker.start(), () => worker.stop());
    const { registry } = worker.metrics;
    processMetrics(registry, 'worker');
    databaseMetrics(registry, [executions, flows, secrets]);
    return { metrics: () => registry.getMetricsAsJSON(), stop: () => parts.stop() };
  } catch (error) {
    await parts.stop();
    throw error;
  }
};

/** Whoever owns a shard publishes it; on the embedded bus nobody has to, for its readers read the log. */
const publishOwned = async (config: AtelierConfig, db: Database, worker: ExecutionWorker, growth: Growth, parts: Parts, log: Log): Promise<void> => {
  const { ATELIER_KAFKA_BROKERS: brokers } = config;
  if (brokers === undefined) return withdrawOwned(db);
  const messaging = await parts.start('Kafka', () => connectKafka({ ...config, ATELIER_KAFKA_BROKERS: brokers }, log), (each) => each.close());
  const owned = await parts.start('topics', () => ownedTopics(db, worker, growth), (each) => each.close());
  for (const publication of owned.publications) messaging.publish(publication);
};
