import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, isGone, newDataDir } from '@atelier/testing';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres';
import { canEnter } from './postgres-files';

const query = async (server: EmbeddedPostgres, text: string): Promise<unknown[]> => {
  const client = new Client({ connectionString: server.url });
  client.on('error', () => undefined); // the server is killed on purpose
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
};

describe('the embedded PostgreSQL', () => {
  const dataDir = newDataDir('embedded');
  let server: EmbeddedPostgres;
  beforeAll(async () => {
    server = await startEmbeddedPostgres({ dataDir });
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('writes with fsync', async () => expect(await query(server, 'show fsync')).toEqual([{ fsync: 'on' }]));

  it('lets nobody in without the password, which only its owner can read', async () => {
    const client = new Client({ connectionString: server.url.replace(/:[0-9a-f]{32}@/, ':wrong@') });
    await expect(client.connect()).rejects.toThrow(/password/);
    expect(statSync(join(dataDir, 'postgres.password')).mode & 0o077).toBe(0);
  });

  it('is adopted by a second start', async () => {
    const second = await startEmbeddedPostgres({ dataDir });
    expect([second.url, second.pid()]).toEqual([server.url, server.pid()]);
  });

  it('comes back after kill -9 on the same port with what was committed', async () => {
    await query(server, 'create table kept as select 7 as n');
    const pid = server.pid() as number;
    process.kill(pid, 'SIGKILL');
    await eventually('the server is gone', () => isGone(pid));
    expect(await server.ensureRunning()).toBe(true);
    expect(await query(server, 'select n from kept')).toEqual([{ n: 7 }]);
    expect(await server.ensureRunning()).toBe(false);
  }, 30_000);
});

describe('the folder of a server', () => {
  it('is refused where a folder above it shuts its user out', () => {
    const closed = mkdtempSync(join(tmpdir(), 'atelier-closed-')); // mkdtemp makes it 0700
    const stranger = { uid: 54_321, gid: 54_321 };
    expect(canEnter(join(closed, 'data'), stranger)).toBe(false);
    expect(canEnter(tmpdir(), stranger)).toBe(true);
    rmSync(closed, { recursive: true });
  });
});
