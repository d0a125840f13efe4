import { AUDIT_MIGRATIONS, AuditModule, AuditStore, consumeAudited } from '@atelier/audit';
import { createEmbeddedBus } from '@atelier/bus';
import { FLOWS_MIGRATIONS, FlowsModule, createFlowsCore, flowsOptionsOf } from '@atelier/flows';
import { type Log, createLog, openDatabase } from '@atelier/platform';
import { CREDENTIAL_CHECK, createHttpApp, listen, restOptionsOf } from '@atelier/rest-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import type { AtelierConfig } from './config';
import { type DataFolder, openDataFolder } from './data-folder';
import { startDatabase } from './database-part';
import { seededAccount } from './seeded-account';

/** All services in one process. */
export type Atelier = { readonly url: string; readonly folder: DataFolder; stop(): Promise<void> };

/** One line for each part, with the time it took. */
export type Say = (line: string) => void;

@Module({})
class AtelierModule {}

const timed = async <T>(say: Say, part: string, start: () => Promise<T>): Promise<T> => {
  const began = performance.now();
  const result = await start();
  say(`✓ ${part.padEnd(34)} ${((performance.now() - began) / 1_000).toFixed(2)} s`);
  return result;
};

/** Starts the database, the contexts and the REST edge, in this order; what was started is stopped again where a later part fails. */
export const startAtelier = async (config: AtelierConfig, say: Say): Promise<Atelier> => {
  const log: Log = createLog('atelier', config.ATELIER_LOG_LEVEL);
  const folder = openDataFolder(config);
  if (folder.moved) say(`  Data lies in ${folder.dir}, because the database's user cannot enter ${config.ATELIER_DATA_DIR}`);
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const part of stops.splice(0).reverse()) await part();
  };
  let started = false;
  try {
    const database = await timed(say, config.ATELIER_DATABASE_URL ? 'PostgreSQL (given)' : 'PostgreSQL (embedded)', () => startDatabase(config.ATELIER_DATABASE_URL, folder.dir, log));
    stops.push(() => (started ? database.stop() : database.abandon()));
    const flows = await timed(say, 'flows', () => openDatabase({ url: database.url, schema: 'flows', migrations: FLOWS_MIGRATIONS }));
    stops.push(() => flows.close());
    const core = createFlowsCore(flows, flowsOptionsOf(config));
    const audit = await timed(say, 'audit', () => openDatabase({ url: database.url, schema: 'audit', migrations: AUDIT_MIGRATIONS }));
    stops.push(() => audit.close());
    const records = new AuditStore(audit);
    const bus = createEmbeddedBus([core.topic], log);
    stops.push(() => bus.close());
    await consumeAudited(bus, records, ['atelier.flows.events']);
    const root: DynamicModule = {
      module: AtelierModule,
      imports: [FlowsModule.with({ core }), AuditModule.with({ store: records })],
      providers: [{ provide: CREDENTIAL_CHECK, useValue: seededAccount(folder.accountSid, folder.authToken) }],
    };
    const url = await timed(say, 'REST', async () => {
      const app = await createHttpApp(root, restOptionsOf(config, log));
      stops.push(() => app.close());
      return listen(app, { host: config.ATELIER_HTTP_HOST, port: config.ATELIER_HTTP_PORT });
    });
    started = true;
    return { url, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
