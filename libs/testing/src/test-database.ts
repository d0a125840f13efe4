import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Database, type DatabaseOptions, openDatabase, startEmbeddedPostgres } from '@atelier/platform';
import { Client } from 'pg';
import { containerPostgres } from './containers';
import { locked } from './file-lock';

/**
 * A new, empty database for one spec file, brought up by these migrations. Real PostgreSQL: the server of ATELIER_TEST_DATABASE_URL, else
 * Testcontainers where a Docker engine answers, else the embedded one, started once for all spec files and left running for the next run.
 */
export const testDatabase = async (options: Pick<DatabaseOptions, 'schema' | 'migrations' | 'poolMax' | 'parameters'>): Promise<Database> =>
  openDatabase({ ...options, url: await testDatabaseUrl() });

/** The URL of a new, empty database: for what opens its databases itself. */
export const testDatabaseUrl = async (): Promise<string> => {
  const server = await serverUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const client = new Client({ connectionString: server });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.toString();
};

const serverUrl = async (): Promise<string> => process.env['ATELIER_TEST_DATABASE_URL'] ?? (await containerPostgres()) ?? embedded();

const embedded = async (): Promise<string> => {
  const dataDir = join(tmpdir(), `atelier-tests-${userInfo().uid}`);
  mkdirSync(dataDir, { recursive: true });
  return locked(join(dataDir, 'lock'), async () => (await startEmbeddedPostgres({ dataDir, fsync: false, maxConnections: 300 })).url);
};
