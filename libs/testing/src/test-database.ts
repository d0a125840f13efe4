import { randomBytes } from 'node:crypto';
import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Database, type DatabaseOptions, openDatabase, startEmbeddedPostgres } from '@atelier/platform';
import { Client } from 'pg';
import { containerPostgres } from './containers';

const LOCK_STALE_MS = 60_000; // a start takes 2 s; an older lock belongs to a process that died

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
  const unlock = await locked(join(dataDir, 'lock'));
  try {
    return (await startEmbeddedPostgres({ dataDir, fsync: false, maxConnections: 300 })).url;
  } finally {
    unlock();
  }
};

const locked = async (path: string): Promise<() => void> => {
  for (;;) {
    try {
      mkdirSync(path);
      return () => rmdirSync(path);
    } catch {
      const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > LOCK_STALE_MS) rmdirSync(path);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
};
