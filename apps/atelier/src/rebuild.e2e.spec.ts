import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDatabase, startEmbeddedPostgres } from '@atelier/platform';
import { type RunningAtelier, eventually, mainOf, newDataDir, removeAtelier, startAtelier } from '@atelier/testing';
import { clientOf } from './sample-client';
import { flowOf, say } from './sample-flows';

const command = join(mainOf('atelier'), '..', 'rebuild.js');
const dataDir = newDataDir('e2e');

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };
const rebuild = (...args: readonly string[]): Promise<Ran> =>
  promisify(execFile)(process.execPath, [command, ...args], { env: { PATH: process.env['PATH'], ATELIER_DATA_DIR: dataDir }, timeout: 60_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ran) => error,
  );

describe('npm run rebuild, while the product runs', () => {
  let atelier: RunningAtelier;
  beforeAll(async () => {
    atelier = await startAtelier({ dataDir });
  }, 90_000);
  afterAll(async () => {
    await atelier?.end('SIGKILL');
    await removeAtelier(dataDir);
  }, 30_000);

  it('makes rows again that were damaged, and says what it did', async () => {
    const client = clientOf(atelier);
    const flow = await client.studio.v2.flows.create({ friendlyName: 'Greeting', status: 'published', definition: flowOf(say('hello', 'Hello')) });
    await client.studio.v2.flows(flow.sid).executions.create({ to: '+15551230001', from: '+15557650001' });
    await eventually('its end', async () => (await client.studio.v2.flows(flow.sid).executions.list())[0]?.status === 'ended', 30_000);
    await client.newKeys.create({ friendlyName: 'kept' });
    const { url } = await startEmbeddedPostgres({ dataDir });
    for (const [schema, damage] of [['flows', 'delete from flow'], ['credentials', 'delete from api_key'], ['executions', 'delete from execution']] as const) {
      const database = await openDatabase({ url, schema, migrations: [], poolMax: 1 });
      await database.query(damage);
      await database.close();
    }
    expect(await client.studio.v2.flows.list()).toEqual([]);
    expect(await rebuild('flows')).toMatchObject({ code: 0, stdout: expect.stringMatching(/✓ flow: .*\n✓ flow_revision: /) as string });
    expect(await rebuild('credentials')).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ api_key: ') as string });
    expect(await rebuild('executions')).toMatchObject({ code: 0, stdout: expect.stringMatching(/✓ executions: 64 shards, 1 executions, 1 rows were not/) as string });
    expect((await client.studio.v2.flows.list()).map(({ sid }) => sid)).toEqual([flow.sid]);
    expect((await client.keys.list()).map(({ friendlyName }) => friendlyName)).toContain('kept');
    expect(await client.studio.v2.flows(flow.sid).executions.list()).toHaveLength(1);
    expect((await rebuild('executions')).stdout).toContain(' 0 rows were not');
  }, 90_000);

  it('refuses what has no log, in one line', async () => {
    expect(await rebuild('audit')).toMatchObject({ code: 1, stderr: 'Expected flows, credentials, executions, found audit\n' });
    expect(await rebuild()).toMatchObject({ code: 1, stderr: 'Expected flows, credentials, executions, found nothing\n' });
  });
});
