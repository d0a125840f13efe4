import { AUDIT_MIGRATIONS, AuditModule, AuditStore, consumeAudited } from '@atelier/audit';
import { type Messaging, storedPositions } from '@atelier/bus';
import { CARRIER_DATABASE, Carrier, CarrierModule } from '@atelier/carrier';
import { CREDENTIALS_MIGRATIONS, type CredentialsCore, CredentialsModule, createCredentialsCore, credentialsOptionsOf } from '@atelier/credentials';
import {
  type ExecutionsHttp, ExecutionsModule, LateDeletions, Triggers, consumeFlows, consumeLateDeletions, consumeTriggers, createExecutionDoors, executionRules, executionsHttpSettingsOf, inboxSettingsOf,
  openExecutionsDatabase, retentionDaysOf,
} from '@atelier/executions';
import { FLOWS_MIGRATIONS, type FlowsCore, FlowsModule, createFlowsCore, flowsOptionsOf } from '@atelier/flows';
import { type DataFolder, type Log, Parts, type Say, createHttpCaller, createLog, databaseMetrics, openDataFolder, openDatabase, startDatabase, systemClock } from '@atelier/platform';
import { HealthRegistry, MetricsRegistry, createHttpApp, listen, restOptionsOf } from '@atelier/rest-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import type { AtelierConfig } from './config';
import { connectMessaging, startTopics } from './messaging';
import { startOwnerThread } from './owner-thread';

/** All services in one process. */
export type Atelier = { readonly url: string; readonly folder: DataFolder; stop(): Promise<void> };

@Module({})
class AtelierModule {}

/** Starts the database, the contexts, the REST edge and the execution worker, in this order; what was started is stopped again where a later part fails. */
export const startAtelier = async (config: AtelierConfig, say: Say): Promise<Atelier> => {
  const log = createLog('atelier', config.ATELIER_LOG_LEVEL);
  const folder = openDataFolder(config);
  if (config.ATELIER_WEBHOOK_SIGNATURE_CHECK === 'off') say('! Signatures of webhooks are not checked: ATELIER_WEBHOOK_SIGNATURE_CHECK is off');
  if (folder.moved) say(`  Data lies in ${folder.dir}, because the database's user cannot enter ${config.ATELIER_DATA_DIR}`);
  const parts = new Parts(say);
  let isStarted = false;
  try {
    const name = config.ATELIER_DATABASE_URL ? 'PostgreSQL (given)' : 'PostgreSQL (embedded)';
    const database = await parts.start(name, () => startDatabase(config.ATELIER_DATABASE_URL, folder.dir, log), (part) => (isStarted ? part.stop() : part.abandon()));
    const url = await startServices(config, folder, database.url, parts, log);
    isStarted = true;
    return { url, folder, stop: () => parts.stop() };
  } catch (error) {
    await parts.stop().catch((failure: unknown) => log.error({ error: String(failure) }, 'what had been started could not be stopped'));
    throw error;
  }
};

const startServices = async (config: AtelierConfig, folder: DataFolder, databaseUrl: string, parts: Parts, log: Log): Promise<string> => {
  const flowsDatabase = await opened(parts, 'flows', databaseUrl, FLOWS_MIGRATIONS);
  const flows = createFlowsCore(flowsDatabase, flowsOptionsOf(config));
  const { credentials, options, database: credentialsDatabase } = await startCredentials(config, folder, databaseUrl, parts);
  const auditDatabase = await opened(parts, 'audit', databaseUrl, AUDIT_MIGRATIONS);
  const records = new AuditStore(auditDatabase);
  const doors = await startDoors(config, databaseUrl, parts);
  await startTopics(config, parts, log);
  const messaging = await parts.start(config.ATELIER_KAFKA_BROKERS ? 'bus (Kafka)' : 'bus (embedded)', () => connectMessaging(config, log), (each) => each.close());
  messaging.publish({ source: flows.topic, positions: storedPositions(flowsDatabase) });
  messaging.publish({ source: credentials.topic, positions: storedPositions(credentialsDatabase) });
  messaging.publish({ source: records.topic, positions: storedPositions(auditDatabase) });
  const http: ExecutionsHttp = { ...doors, flows: flows.directory, signing: credentials.signingToken, settings: executionsHttpSettingsOf(config), clock: systemClock };
  await startConsumers(messaging, { records, http, hasTriggers: config.ATELIER_KAFKA_BROKERS !== undefined }, parts, log);
  const own: { origin?: string } = {}; // known once it listens
  const carrier = config.ATELIER_TWILIO_BASE_URL ? undefined : await startCarrier(config, databaseUrl, credentials, () => own.origin, parts, log);
  const app = await parts.start('REST', () => createHttpApp(rootOf({ flows, credentials, records, http, carrier }, config), restOptionsOf(config, log)), (each) => each.close());
  if (config.ATELIER_KAFKA_BROKERS) app.get(HealthRegistry).addSign('kafka', messaging.reach);
  const url = await listen(app, { host: config.ATELIER_HTTP_HOST, port: config.ATELIER_HTTP_PORT });
  own.origin = new URL(url).origin;
  await carrier?.start();
  const owner = {
    config,
    databaseUrl,
    credentials: options,
    publicUrl: config.ATELIER_PUBLIC_URL ?? url,
    carrier: { baseUrl: config.ATELIER_TWILIO_BASE_URL ?? url, isLookupConclusive: carrier !== undefined },
  };
  const thread = await parts.start('execution worker', () => startOwnerThread(owner, log), (each) => each.stop());
  databaseMetrics(messaging.metrics, [flowsDatabase, credentialsDatabase, auditDatabase, doors.db]);
  for (const metrics of [messaging.metrics, thread.metrics]) app.get(MetricsRegistry).add(metrics);
  return url;
};

type Contexts = { readonly flows: FlowsCore; readonly credentials: CredentialsCore; readonly records: AuditStore; readonly http: ExecutionsHttp; readonly carrier: Carrier | undefined };

const rootOf = ({ flows, credentials, records, http, carrier }: Contexts, config: AtelierConfig): DynamicModule => ({
  module: AtelierModule,
  imports: [
    FlowsModule.with({ core: flows }),
    CredentialsModule.with({ core: credentials, internalToken: config.ATELIER_INTERNAL_TOKEN }),
    AuditModule.with({ store: records }),
    ExecutionsModule.with(http),
    ...(carrier ? [CarrierModule.with({ carrier })] : []),
  ],
});

const startDoors = (config: AtelierConfig, databaseUrl: string, parts: Parts) =>
  parts.start(
    'executions',
    async () => {
      const database = await openExecutionsDatabase(databaseUrl);
      return { database, ...createExecutionDoors(database, { folding: executionRules(config), settings: inboxSettingsOf(config), retentionDays: retentionDaysOf(config) }) };
    },
    (part) => part.close().finally(() => part.database.close()),
  );

/** `hasTriggers`: other services can write `atelier.triggers` only where there is a broker; over HTTP their records need no bus. */
const startConsumers = async ({ bus }: Messaging, { records, http, hasTriggers }: { records: AuditStore; http: ExecutionsHttp; hasTriggers: boolean }, parts: Parts, log: Log): Promise<void> => {
  await consumeAudited(bus, records);
  await consumeFlows(bus, http.deletions);
  await parts.start('deleted flows', () => consumeLateDeletions(bus, new LateDeletions(http.db, http.deletions)), (stop) => stop());
  if (hasTriggers) await parts.start('triggers', () => consumeTriggers(bus, new Triggers(http.db, http.results, http, log)), (stop) => stop());
};

const opened = (parts: Parts, schema: string, url: string, migrations: Parameters<typeof openDatabase>[0]['migrations']) =>
  parts.start(schema, () => openDatabase({ url, schema, migrations }), (database) => database.close());

const startCredentials = async (config: AtelierConfig, folder: DataFolder, databaseUrl: string, parts: Parts) => {
  const options = credentialsOptionsOf(config, folder.dir);
  const database = await opened(parts, 'credentials', databaseUrl, CREDENTIALS_MIGRATIONS);
  const credentials = await parts.start('keys', () => createCredentialsCore(database, options), (core) => core.close());
  await credentials.seed({ accountSid: folder.accountSid, authToken: folder.authToken });
  return { credentials, options, database };
};

const WEBHOOK_MS = 15_000; // Twilio's read timeout

const startCarrier = async (
  { ATELIER_OUTBOUND_PRIVATE_NETWORKS: privateNetworks }: AtelierConfig,
  databaseUrl: string,
  { signingToken }: CredentialsCore,
  trustedOrigin: () => string | undefined,
  parts: Parts,
  log: Log,
): Promise<Carrier> => {
  const database = await parts.start('carrier', () => openDatabase({ url: databaseUrl, ...CARRIER_DATABASE }), (each) => each.close());
  const caller = await parts.start('carrier calls', async () => createHttpCaller({ privateNetworks, timeoutMs: WEBHOOK_MS }), (each) => each.close());
  return new Carrier(database, { caller, signingToken, trustedOrigin, log });
};
