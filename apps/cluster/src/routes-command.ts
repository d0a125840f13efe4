import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Say, dataDirFor, openDataFolder, startEmbeddedPostgres } from '@atelier/platform';
import { prepareDatabases } from './databases';
import { type Documents, documentsOf, generated, writeGenerated } from './generate';
import { secretsOf } from './installation';
import type { Installation } from './plans';
import { SERVICE_NAMES, type ServiceName } from './services';
import { settingsFile, settingsPage } from './settings-page';

const NOBODY = 9; // the discard port: nothing of the installation is asked over the network

/** An installation without Kafka and without anybody on the other side: enough to see what routes the services have. */
const bareInstallation = async (dataDir: string, databaseUrl: string): Promise<Installation> => {
  const folder = openDataFolder({ ATELIER_DATA_DIR: dataDir, ATELIER_DATABASE_URL: databaseUrl });
  const secrets = secretsOf(folder.dir);
  return {
    folder,
    secrets,
    databases: await prepareDatabases(databaseUrl, secrets.passwords),
    brokers: `127.0.0.1:${NOBODY}`,
    publicUrl: 'http://127.0.0.1:8080',
    twilioBaseUrl: undefined,
    passed: {},
    ports: Object.fromEntries(SERVICE_NAMES.map((name) => [name, NOBODY])) as Record<ServiceName, number>, // one for each
  };
};

/** What the services answer now, over a database that exists for this alone. */
export const freshDocuments = async (): Promise<Documents> => {
  const scratch = dataDirFor(mkdtempSync(join(tmpdir(), 'atelier-routes-'))).dir;
  const server = await startEmbeddedPostgres({ dataDir: scratch, fsync: false });
  try {
    return await documentsOf(await bareInstallation(scratch, server.url));
  } finally {
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
};

/** Writes `deploy/` from the controllers, and the page of settings from their schemas. */
export const writeDeployFolder = async (say: Say): Promise<void> => {
  const files = generated(await freshDocuments());
  writeGenerated(files);
  writeFileSync(settingsFile, settingsPage());
  say(`Written: ${Object.keys(files).map((name) => `deploy/${name}`).join(', ')}, docs/settings.md`);
};
