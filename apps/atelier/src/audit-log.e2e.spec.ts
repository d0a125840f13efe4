import { join } from 'node:path';
import { type AccountSid, type KeySid, operatorMeta } from '@atelier/contracts';
import { CREDENTIALS_MIGRATIONS, createCredentialsCore, readMasterKey } from '@atelier/credentials';
import { openDatabase, startEmbeddedPostgres } from '@atelier/platform';
import { type RunningAtelier, eventually, newDataDir, removeAtelier, startAtelier } from '@atelier/testing';
import type { Client } from 'pg';
import { type SampleAccount, lookInto, quiet, subaccountOf } from './sample-accounts';
import { rest } from './sample-client';

const PATIENCE_MS = 30_000; // for a busy machine
const dataDir = newDataDir('e2e');

let atelier: RunningAtelier;
beforeAll(async () => {
  atelier = await startAtelier({ dataDir });
}, 90_000);
afterAll(async () => {
  await atelier?.end('SIGKILL');
  await removeAtelier(dataDir);
}, 30_000);

const seqOf = (event: unknown): number => (event as { eventData: { context: { seq: number } } }).eventData.context.seq;
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** Numbers of the newest records; those of one millisecond are in no certain order. */
const newest = async ({ client }: SampleAccount): Promise<number[]> => (await client.monitor.v1.events.list({ limit: 50 })).map(seqOf);

/** So many renames of a key in one commit of another process of the context: each is one record, and as requests they would take a minute. */
const renamed = async ({ accountSid }: SampleAccount, sid: KeySid, times: number): Promise<void> => {
  const { url } = await startEmbeddedPostgres({ dataDir });
  const database = await openDatabase({ url, schema: 'credentials', migrations: CREDENTIALS_MIGRATIONS, poolMax: 2 });
  const core = await createCredentialsCore(database, { masterKey: readMasterKey(join(dataDir, 'master.key')), region: 'us1' });
  const account = accountSid as AccountSid;
  const events = upTo(times).map((n) => ({ type: 'ApiKeyRenamed', data: { accountSid: account, sid, friendlyName: `name ${n}`, before: `name ${n - 1}` } }));
  await core.store.append([{ stream: sid, expectedVersion: 1, events, meta: operatorMeta(account, 'us1') }]);
  await core.close();
  await database.close();
};

describe('the list of audit records', () => {
  it('is walked in pages of 1,000 while records are being written: none missing, none twice', async () => {
    const account = await subaccountOf(atelier);
    const [first, second] = [await account.client.newKeys.create(), await account.client.newKeys.create()];
    await renamed(account, first.sid as KeySid, 3_100);
    const before = 2 + 3_100;
    await eventually('the records', async () => (await newest(account)).some((seq) => seq >= before), PATIENCE_MS);
    let isOver = false;
    const writing = (async () => {
      let n = 0;
      while (!isOver) await account.client.keys(second.sid).update({ friendlyName: `written meanwhile ${++n}` });
      return n;
    })();
    const seqs = (await account.client.monitor.v1.events.list({ pageSize: 1_000 })).map(seqOf).sort((a, b) => a - b);
    isOver = true;
    expect(await writing).toBeGreaterThan(0);
    expect(seqs.length).toBeGreaterThanOrEqual(before); // more than three pages
    expect(seqs).toEqual(upTo(seqs.length)); // all up to the moment of the first page, each once
  }, 120_000);
});

describe('a change whose process is killed before its record is stored', () => {
  /** Nobody gets past the source's position while this transaction is open: what is committed in flows stays unpublished. */
  const holdingAudit = async (work: (database: Client) => Promise<void>): Promise<void> =>
    lookInto((await startEmbeddedPostgres({ dataDir })).url, async (database) => {
      await database.query('begin');
      await database.query(`select pos from audit.source_position where log = 'flows' for update`);
      await work(database);
      await database.query('rollback');
    });
  const waiting = async (database: Client): Promise<number[]> =>
    (await database.query<{ pid: number }>(`select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%source_position%'`)).rows.map(({ pid }) => pid);

  // The killed process's statement may still be finished by the database (its connection is noticed late), or not: each round has one of the two.
  it('has its record exactly once after the restart', async () => {
    const account = await subaccountOf(atelier);
    const { sid } = await account.client.studio.v2.flows.create({ friendlyName: 'killed', status: 'draft', definition: quiet });
    const rounds = 4;
    for (let round = 1; round <= rounds; round++) {
      await holdingAudit(async (database) => {
        await Promise.all(upTo(5).map((n) => account.client.studio.v2.flows(sid).update({ status: 'draft', commitMessage: `${round}.${n}` })));
        await eventually('audit is held', async () => (await waiting(database)).length > 0, PATIENCE_MS);
        await atelier.end('SIGKILL');
        if (round % 2 === 0) for (const pid of await waiting(database)) await database.query('select pg_terminate_backend($1)', [pid]);
      });
      atelier = await startAtelier({ dataDir, port: Number(new URL(atelier.url).port) });
    }
    const changes = 1 + rounds * 5;
    const records = await eventually('the records', async () => {
      const found = (await rest(account, 'GET', `/v1/Events?ResourceSid=${sid}&PageSize=100`)).body['events'] as { event_data: { resource_properties: { revision: { updated: number } }; context: { seq: number } } }[];
      return found.length >= changes ? found : undefined;
    }, PATIENCE_MS);
    expect(records.map(({ event_data }) => event_data.resource_properties.revision.updated)).toEqual(upTo(changes).reverse());
    expect(records.map(({ event_data }) => event_data.context.seq)).toEqual(upTo(changes).reverse());
  }, 180_000);
});
