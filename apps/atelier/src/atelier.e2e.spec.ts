import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type RunningAtelier, atelierMain, eventually, isGone, newDataDir, removeAtelier, startAtelier } from '@atelier/testing';
import { clientOf } from './sample-client';

const dataDir = newDataDir('e2e');
const example: object = JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'examples', 'appointment-reminder.json'), 'utf8'));

const refusal = (settings: Record<string, string>): { status: number | null; lines: string[] } => {
  const { status, stderr } = spawnSync(process.execPath, [atelierMain], { env: { PATH: process.env['PATH'], ATELIER_DATA_DIR: dataDir, ...settings }, encoding: 'utf8', timeout: 30_000 });
  return { status, lines: stderr.trim().split('\n') };
};

describe('the product as a process', () => {
  let atelier: RunningAtelier;
  beforeAll(async () => {
    atelier = await startAtelier({ dataDir });
  }, 90_000);
  afterAll(async () => {
    await atelier.end('SIGKILL');
    await removeAtelier(dataDir);
  }, 30_000);

  it('says what it started and never prints the token', () => {
    expect(atelier.output()).toMatch(/✓ PostgreSQL \(embedded\) +\d/);
    expect(atelier.output()).toContain(atelier.accountSid);
    expect(atelier.output()).not.toContain(atelier.authToken);
    expect(statSync(join(dataDir, 'account.json')).mode & 0o077).toBe(0);
  });

  it('keeps what it acknowledged through kill -9 of itself and of its database', async () => {
    const before = await clientOf(atelier).studio.v2.flows.create({ friendlyName: 'kept', status: 'draft', definition: example });
    process.kill(atelier.postgresPid(), 'SIGKILL');
    await atelier.end('SIGKILL');
    atelier = await startAtelier({ dataDir, port: Number(new URL(atelier.url).port) });
    const client = clientOf(atelier);
    expect((await client.studio.v2.flows(before.sid).fetch()).definition).toEqual(example);
    expect((await client.studio.v2.flows(before.sid).update({ status: 'published' })).revision).toBe(2);
    await client.studio.v2.flows(before.sid).remove();
    await expect(client.studio.v2.flows(before.sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
  }, 90_000);

  it('records every change of a flow with its author and where it came from', async () => {
    const client = clientOf(atelier);
    const { sid } = await client.studio.v2.flows.create({ friendlyName: 'audited', status: 'draft', definition: example });
    await client.studio.v2.flows(sid).update({ status: 'published' });
    await client.studio.v2.flows(sid).remove();
    const records = await eventually('three records', async () => {
      const found = await client.monitor.v1.events.list({ resourceSid: sid, limit: 10 });
      return found.length === 3 ? found : undefined;
    });
    expect(records.map(({ eventType }) => eventType)).toEqual(['flow.deleted', 'flow.updated', 'flow.created']);
    for (const { source, sourceIpAddress, actorSid, actorType } of records)
      expect([source, sourceIpAddress, actorSid, actorType]).toEqual(['api', '127.0.0.1', atelier.accountSid, 'account']);
  }, 20_000);

  it('comes back by itself when only its database is killed', async () => {
    process.kill(atelier.postgresPid(), 'SIGKILL');
    const client = clientOf(atelier);
    const deadline = performance.now() + 20_000;
    for (;;) {
      const listed = await client.studio.v2.flows.list({ limit: 1 }).catch((error: unknown) => error);
      if (Array.isArray(listed)) break;
      if (performance.now() > deadline) throw listed;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }, 30_000);

  it('refuses a wrong token with 401 and 20003', async () => {
    const client = clientOf({ ...atelier, authToken: 'f'.repeat(32) });
    await expect(client.studio.v2.flows.list({ limit: 1 })).rejects.toMatchObject({ status: 401, code: 20003 });
  });

  it('ends with one line and code 1 where its port is taken', async () => {
    const holder = createServer();
    const port = await new Promise<number>((resolve) => holder.listen(0, '127.0.0.1', () => resolve((holder.address() as { port: number }).port)));
    const { status, lines } = refusal({ ATELIER_HTTP_PORT: String(port) });
    holder.close();
    expect([status, lines.length, lines[0]]).toEqual([1, 1, expect.stringMatching(/^Cannot listen on 127\.0\.0\.1:\d+: .*in use/)]);
  }, 60_000);

  it('names every wrong setting and ends with code 1', () => {
    const { status, lines } = refusal({ ATELIER_HTTP_PROT: '1', ATELIER_REGION: 'nowhere' });
    expect(status).toBe(1);
    expect(lines.join('\n')).toMatch(/ATELIER_HTTP_PROT: no such setting[\s\S]*ATELIER_REGION/);
  });

  it('ends with one line and code 1 where its data folder cannot be used', () => {
    const { status, lines } = refusal({ ATELIER_DATA_DIR: '/dev/null/data' });
    expect([status, lines.length, lines[0]]).toEqual([1, 1, expect.stringMatching(/^The data folder .* cannot be used/)]);
  });

  it('stops cleanly on Ctrl-C and leaves no database behind', async () => {
    const port = Number(new URL(atelier.url).port);
    const database = atelier.postgresPid();
    expect(await atelier.end('SIGINT')).toBe(0);
    await eventually('the database is gone', () => isGone(database));
    atelier = await startAtelier({ dataDir, port });
  }, 60_000);
});
