import { storedPositions } from '@atelier/bus';
import { type Database, silentLog, systemClock } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { executionEvents } from '../publish/execution-events';
import { Growth } from '../publish/growth';
import { withdrawOwned } from '../publish/owned-topics';
import { EXECUTIONS_LOG } from '../publish/public-events';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE, SHARDS } from '../store/migrations';
import { dropPartitions, makePartitions } from '../store/partitions';
import { Janitor } from './janitor';
import type { ExecutionWorker } from './worker';

const DAY_MS = 86_400_000;

describe('the janitor', () => {
  let db: Database;
  let samples: SampleExecutions;
  let worker: ExecutionWorker;
  let janitor: Janitor;
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db);
    worker = await samples.start();
    janitor = new Janitor(db, systemClock, silentLog, 30);
  }, 90_000);
  afterAll(() => samples.close());

  const count = async (table: string): Promise<number> => (await db.query<{ n: number }>(`select count(*)::int as n from ${table}`))[0]!.n;

  it('takes away processed commands, and none that waits', async () => {
    for (let i = 0; i < 10; i++) await samples.created('plain');
    await worker.idle();
    await worker.stop();
    const waiting = await samples.created('plain');
    await janitor.clean();
    expect(await count('command')).toBe(1);
    worker = await samples.start();
    await worker.idle();
    expect(await samples.view('plain', waiting)).toMatchObject({ status: 'ended' });
  });

  it('keeps the last batch of each shard: positions go on', async () => {
    const contact = samples.contact();
    for (let i = 0; i < 15; i++) {
      await samples.created('plain', contact);
      await worker.idle();
    }
    const last = await db.query('select max(n) as n from batch group by shard order by 1');
    await janitor.clean();
    expect(await db.query('select max(n) as n from batch group by shard order by 1')).toEqual(last);
    expect(await db.query('select shard from batch group by shard having count(*) > 10')).toEqual([]);
  });

  it('forgets an input after 24 hours, not before', async () => {
    const contact = samples.contact();
    const [old, young] = [samples.messageOf('plain', contact, 'old'), samples.messageOf('plain', contact, 'young')];
    await samples.ingress.message(old);
    await db.query(`update seen set at = now() - interval '25 hours'`);
    await samples.ingress.message(young);
    await janitor.clean();
    expect(await samples.ingress.message(old)).toMatchObject({ kind: 'accepted' });
    expect(await samples.ingress.message(young)).toMatchObject({ kind: 'repeated' });
  });

  it('keeps what people have dropped for as long as executions are kept, and no longer', async () => {
    const dropped = `insert into dropped (at, kind, item, who, request, reason, body) values (now() - $1 * interval '1 day', 'parked', $1, 'operator', 'RQ', 'why', '{}')`;
    for (const days of [30, 32]) await db.query(dropped, [days]);
    await janitor.clean();
    expect(await db.query('select item::int as item from dropped')).toEqual([{ item: 30 }]);
  });

  it('blanks what was said in a deleted execution once it is published; its places in the topic stay', async () => {
    const contact = samples.contact();
    await samples.ingress.message(samples.messageOf('ask', contact, 'a secret'));
    await worker.idle();
    const { sid } = (await samples.reader.list(samples.account, samples.flows.ask, { limit: 1 }))[0]!;
    await samples.ingress.command({ account: samples.account, execution: sid, input: { type: 'Delete' }, replyWithinMs: 5_000 });
    const bodies = async () => (await db.query<{ body: string }>('select body from sprint where execution = $1', [sid.slice(2)])).map(({ body }) => body);
    expect((await bodies()).every((body) => body !== '')).toBe(true);
    await eventually('published', async () => (await db.query('select from sprint s join lease l on l.shard = s.shard where s.execution = $1 and s.pos > l.published', [sid.slice(2)])).length === 0);
    await janitor.clean();
    expect(new Set(await bodies())).toEqual(new Set(['']));
    const { shard } = (await db.query<{ shard: number }>('select shard from execution where sid = $1', [sid.slice(2)]))[0]!;
    const events = await executionEvents(db, new Growth()).read(shard, 0, 1_000);
    expect(events.map(({ pos }) => pos)).toEqual(events.map((_, i) => i + 1));
    expect(events.filter(({ subject }) => subject === sid).map(({ type }) => type)).toEqual(expect.arrayContaining(['atelier.execution.removed.v1']));
  });

  it('waits with it for the publisher, where there is one: what reaches the topic is whole (A4)', async () => {
    const contact = samples.contact();
    const positions = storedPositions(db);
    await samples.ingress.message(samples.messageOf('ask', contact, 'another secret'));
    await worker.idle();
    const { sid } = (await samples.reader.list(samples.account, samples.flows.ask, { limit: 1 }))[0]!;
    const { shard } = (await db.query<{ shard: number }>('select shard from execution where sid = $1', [sid.slice(2)]))[0]!;
    await positions.of(EXECUTIONS_LOG, shard); // somebody publishes this shard, and has come nowhere yet
    await samples.ingress.command({ account: samples.account, execution: sid, input: { type: 'Delete' }, replyWithinMs: 5_000 });
    const source = executionEvents(db, new Growth());
    const end = await source.end(shard);
    await eventually('the keys are asked for', async () => (await db.query('select from lease where shard = $1 and published >= $2', [shard, end])).length === 1);
    const blank = async () => (await db.query<{ version: number }>(`select version from sprint where execution = $1 and body = '' order by version`, [sid.slice(2)])).length;
    await janitor.clean();
    expect(await blank()).toBe(0);
    const events = await source.read(shard, 0, 1_000);
    expect(events.filter(({ subject }) => subject === sid).map(({ type }) => type)).not.toContain('atelier.execution.removed.v1');
    await positions.passed([{ log: EXECUTIONS_LOG, shard, pos: end }]);
    await janitor.clean();
    expect(await blank()).toBe((await db.query('select version from sprint where execution = $1', [sid.slice(2)])).length);
  });

  it('waits for nobody where nobody publishes any more', async () => {
    const positions = storedPositions(db);
    await samples.ingress.message(samples.messageOf('ask', samples.contact(), 'a third secret'));
    await worker.idle();
    const { sid } = (await samples.reader.list(samples.account, samples.flows.ask, { limit: 1 }))[0]!;
    for (let shard = 0; shard < SHARDS; shard++) await positions.of(EXECUTIONS_LOG, shard);
    await samples.ingress.command({ account: samples.account, execution: sid, input: { type: 'Delete' }, replyWithinMs: 5_000 });
    await eventually('the keys are asked for', async () => (await db.query('select from sprint s join lease l on l.shard = s.shard where s.execution = $1 and s.pos > l.published', [sid.slice(2)])).length === 0);
    const kept = async () => (await db.query(`select version from sprint where execution = $1 and body <> ''`, [sid.slice(2)])).length;
    await janitor.clean();
    expect(await kept()).toBeGreaterThan(0);
    await withdrawOwned(db);
    await janitor.clean();
    expect(await kept()).toBe(0);
  });

  it('makes a partition for each of the next days, and drops those older than 31', async () => {
    const nowMs = systemClock.nowMs();
    const names = async () => (await db.query<{ name: string }>(`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where c.relname like 'sprint_2%' and c.relkind = 'r' order by 1`)).map(({ name }) => name);
    const before = await names();
    expect(before).toHaveLength(4);
    await makePartitions(db, nowMs);
    expect(await names()).toEqual(before);
    expect(await dropPartitions(db, nowMs + 30 * DAY_MS, 30)).toEqual([]);
    await makePartitions(db, nowMs + 32 * DAY_MS);
    expect(await dropPartitions(db, nowMs + 32 * DAY_MS, 60)).toEqual([]);
    expect(await dropPartitions(db, nowMs + 32 * DAY_MS, 30)).toEqual(expect.arrayContaining([before[0]]));
    expect(await names()).toHaveLength(7);
  });
});
