import { AUDIT_MIGRATIONS, AuditModule, AuditStore, consumeAudited } from '@atelier/audit';
import { type Bus, busMetrics, createEmbeddedBus } from '@atelier/bus';
import { CARRIER_DATABASE, Carrier, CarrierModule } from '@atelier/carrier';
import { CREDENTIALS_MIGRATIONS, type CredentialsCore, CredentialsModule, createCredentialsCore, credentialsOptionsOf } from '@atelier/credentials';
import {
  ExecutionsModule, LateDeletions, consumeFlows, consumeLateDeletions, createExecutionDoors, executionRules, executionsHttpSettingsOf, inboxSettingsOf, openExecutionsDatabase,
  retentionDaysOf,
} from '@atelier/executions';
import { FLOWS_MIGRATIONS, FlowsModule, createFlowsCore, flowsOptionsOf } from '@atelier/flows';
import {
  type DataFolder, type Database, type Log, Parts, type Say, createHttpCaller, createLog, databaseMetrics, openDataFolder, openDatabase, startDatabase, systemClock,
} from '@atelier/platform';
import { MetricsRegistry, createHttpApp, listen, restOptionsOf } from '@atelier/rest-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Registry } from 'prom-client';
import type { AtelierConfig } from './config';
import { type OwnerThread, startOwnerThread } from './owner-thread';

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
  const { credentials, credentialsDatabase, options } = await startCredentials(config, folder, databaseUrl, parts);
  const records = new AuditStore(await opened(parts, 'audit', databaseUrl, AUDIT_MIGRATIONS));
  const doors = await parts.start(
    'executions',
    async () => {
      const database = await openExecutionsDatabase(databaseUrl);
      return { database, ...createExecutionDoors(database, { folding: executionRules(config), settings: inboxSettingsOf(config), retentionDays: retentionDaysOf(config) }) };
    },
    (part) => part.close().finally(() => part.database.close()),
  );
  const topics = [flows.topic, credentials.topic, ...doors.topics, records.topic];
  const bus = await parts.start('bus (embedded)', async () => createEmbeddedBus(topics, log), (each) => each.close());
  await consumeAudited(bus, records, ['atelier.flows.events', 'atelier.credentials.events']);
  await consumeFlows(bus, doors.deletions);
  await parts.start('deleted flows', () => consumeLateDeletions(bus, new LateDeletions(doors.database, doors.deletions)), (stop) => stop());
  const own: { origin?: string } = {}; // known once it listens
  const carrier = config.ATELIER_TWILIO_BASE_URL ? undefined : await startCarrier(config, databaseUrl, credentials, () => own.origin, parts, log);
  const root: DynamicModule = {
    module: AtelierModule,
    imports: [
      FlowsModule.with({ core: flows }),
      CredentialsModule.with({ core: credentials, internalToken: config.ATELIER_INTERNAL_TOKEN }),
      AuditModule.with({ store: records }),
      ExecutionsModule.with({
        ...doors,
        flows: flows.directory,
        signing: credentials.signingToken,
        settings: executionsHttpSettingsOf(config),
        clock: systemClock,
      }),
      ...(carrier ? [CarrierModule.with({ carrier })] : []),
    ],
  };
  const app = await parts.start('REST', () => createHttpApp(root, restOptionsOf(config, log)), (each) => each.close());
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
  tellMetrics(app, thread, bus, [flowsDatabase, credentialsDatabase, records.db, doors.database]);
  return url;
};

/** Figures that no module adds by itself. */
const tellMetrics = (app: NestFastifyApplication, thread: OwnerThread, bus: Bus, databases: readonly Database[]): void => {
  const registry = new Registry();
  busMetrics(registry, bus);
  databaseMetrics(registry, databases);
  const metrics = app.get(MetricsRegistry);
  metrics.add(registry);
  metrics.add(thread.metrics);
};

const opened = (parts: Parts, schema: string, url: string, migrations: Parameters<typeof openDatabase>[0]['migrations']) =>
  parts.start(schema, () => openDatabase({ url, schema, migrations }), (database) => database.close());

const startCredentials = async (config: AtelierConfig, folder: DataFolder, databaseUrl: string, parts: Parts) => {
  const options = credentialsOptionsOf(config, folder.dir);
  const database = await opened(parts, 'credentials', databaseUrl, CREDENTIALS_MIGRATIONS);
  const credentials = await parts.start('keys', () => createCredentialsCore(database, options), (core) => core.close());
  await credentials.seed({ accountSid: folder.accountSid, authToken: folder.authToken });
  return { credentials, credentialsDatabase: database, options };
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
