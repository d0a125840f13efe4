import { type Database, type Log, silentLog } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { shardOf } from '../ingress/keys';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE } from '../store/migrations';
import { TRIES_MAX } from './suspects';
import type { ExecutionWorker } from './worker';

// A12: whatever cannot be decided or stored is set aside alone, with its reason; its neighbours go on.
describe('a poisoned input', () => {
  let db: Database;
  let samples: SampleExecutions;
  let worker: ExecutionWorker | undefined;
  const errors: unknown[] = [];
  const log: Log = { ...silentLog, error: (fields) => void errors.push(fields) };
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db);
  }, 90_000);
  afterAll(() => samples.close());
  beforeEach(async () => {
    errors.length = 0;
    await db.query('truncate parked');
  });
  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
  });

  const parked = (): Promise<{ shard: number; reason: string; body: string }[]> => db.query('select shard, reason, body from parked order by id');
  const shardOfContact = (contact: string, flow: 'plain' | 'broken'): number => shardOf(samples.account, samples.flows[flow], contact);
  /** Contacts that live on one shard. */
  const neighbours = (flow: 'plain', shard: number, count: number): readonly string[] => {
    const found: string[] = [];
    while (found.length < count) {
      const contact = samples.contact();
      if (shardOfContact(contact, flow) === shard) found.push(contact);
    }
    return found;
  };

  it('that cannot be decided parks alone, gives its claim back and says why', async () => {
    const contact = samples.contact();
    const fine = await Promise.all(neighbours('plain', shardOfContact(contact, 'broken'), 5).map((each) => samples.created('plain', each)));
    await samples.created('broken', contact);
    worker = await samples.start({ log });
    await worker.idle();
    expect(await parked()).toEqual([{ shard: shardOfContact(contact, 'broken'), reason: expect.stringMatching(/^command:\d+: Defect: revision 1 of FW/), body: expect.stringContaining(contact) }]);
    expect(errors).toHaveLength(1);
    for (const sid of fine) expect(await samples.view('plain', sid)).toMatchObject({ status: 'ended' });
    expect(await db.query('select key from claim')).toEqual([]);
  });

  it('that the store refuses is found by halves and parks alone, though a hundred others were in its batch', async () => {
    const [shard, contacts] = [7, neighbours('plain', 7, 100)];
    const refused = { ...samples.startOf('plain', neighbours('plain', shard, 1)[0]), revision: 2 ** 40 }; // no column holds it
    const definition = samples.directory.definition;
    const directory = { ...samples.directory, definition: (account: never, flow: never, revision: number) => definition(account, flow, revision === 2 ** 40 ? 1 : revision) };
    const sids = await Promise.all(contacts.slice(0, 50).map((contact) => samples.created('plain', contact)));
    await samples.ingress.create(refused);
    sids.push(...(await Promise.all(contacts.slice(50).map((contact) => samples.created('plain', contact)))));
    worker = await samples.start({ log, directory });
    await worker.idle();
    expect((await parked()).map(({ reason }) => reason)).toEqual([expect.stringMatching(/^command:\d+: 22003: /)]);
    for (const sid of sids) expect(await samples.view('plain', sid)).toMatchObject({ status: 'ended' });
  }, 20_000);

  it('that was in hand whenever an owner died is parked undecided by the next, and its neighbour runs', async () => {
    const [first, second] = neighbours('plain', 11, 2);
    const killer = await samples.created('plain', first);
    const next = await samples.created('plain', second);
    const { pos } = (await db.query<{ pos: string }>('select pos from command where shard = 11 and execution = $1', [killer.slice(2)]))[0]!;
    await db.query(`update lease set owner = 'dead', until = '-infinity', tried = $1, tries = $2 where shard = 11`, [`command:${pos}`, TRIES_MAX]);
    worker = await samples.start({ log });
    await worker.idle();
    expect(await parked()).toEqual([{ shard: 11, reason: expect.stringMatching(`command:${pos}: in hand ${TRIES_MAX} times`), body: expect.stringContaining(killer) }]);
    expect(await samples.view('plain', next)).toMatchObject({ status: 'ended' });
  });

  it('is marked once by each owner, however often its batch is tried again', async () => {
    await db.query(`create sequence refusals`);
    await db.query(`create function refused() returns trigger language plpgsql as $$ begin
      if nextval('refusals') <= 6 then raise exception 'busy' using errcode = '55P03'; end if; return new; end $$`);
    await db.query('create trigger refuses before insert on batch for each statement execute function refused()');
    const [contact] = neighbours('plain', 17, 1);
    const sid = await samples.created('plain', contact);
    await db.query(`update lease set owner = 'dead', until = '-infinity', tried = null, tries = 0 where shard = 17`);
    worker = await samples.start({ log });
    await worker.idle();
    await db.query('drop trigger refuses on batch');
    expect(await parked()).toEqual([]);
    expect(await samples.view('plain', sid)).toMatchObject({ status: 'ended' });
    expect(await db.query('select tries from lease where shard = 17')).toEqual([{ tries: 1 }]);
  });

  /** One execution in each of these shards, all of one lane, marked so often by owners that died; answers the shards by the commits that decided them. */
  const afterDeath = async (marks: Readonly<Record<number, number>>): Promise<readonly number[][]> => {
    for (const [shard, tries] of Object.entries(marks)) {
      const sid = await samples.created('plain', neighbours('plain', Number(shard), 1)[0]);
      const { pos } = (await db.query<{ pos: string }>('select pos from command where execution = $1', [sid.slice(2)]))[0]!;
      await db.query(`update lease set owner = 'dead', until = '-infinity', tried = $2, tries = $3 where shard = $1`, [shard, tries === 0 ? null : `command:${pos}`, tries]);
    }
    const [before] = await db.query<{ id: string }>('select pg_current_xact_id()::text as id');
    worker = await samples.start({ log });
    await worker.idle();
    const commits = `select array_agg(shard order by shard) as shards from batch where xmin::text::bigint > $1 group by xmin::text order by min(xmin::text::bigint)`;
    return (await db.query<{ shards: number[] }>(commits, [before?.id])).map(({ shards }) => shards);
  };

  it('is tried alone by the next owner, the least suspect first, once others have shown that the owner lives', async () => {
    expect(await afterDeath({ 19: 3, 21: 0, 23: 1, 25: 0 })).toEqual([[21, 25], [23], [19]]);
  });

  it('is tried at once where there is nothing else', async () => {
    expect(await afterDeath({ 29: 2, 31: 1 })).toEqual([[31], [29]]);
  });

  it('is looked for one input at a time after an unclean takeover only, and its mark is durable before it is decided', async () => {
    const contacts = neighbours('plain', 13, 3);
    for (const contact of contacts) await samples.created('plain', contact);
    await db.query(`update lease set owner = 'dead', until = '-infinity', tried = null, tries = 0 where shard = 13`);
    const before = await batches(13);
    worker = await samples.start({ log });
    await worker.idle();
    expect((await batches(13)) - before).toBe(3);
    expect(await db.query('select tries, tried is not null as marked from lease where shard = 13')).toEqual([{ tries: 1, marked: true }]);
    await worker.stop();
    for (const contact of contacts) await samples.created('plain', contact);
    worker = await samples.start({ log });
    await worker.idle();
    expect((await batches(13)) - before).toBe(4); // handed over in order: all three at once
  });
  const batches = async (shard: number): Promise<number> => (await db.query<{ n: number }>('select coalesce(max(n), 0)::int as n from batch where shard = $1', [shard]))[0]?.n ?? 0;

  it('that is a timer parks once, though its time goes on being over', async () => {
    worker = await samples.start({ log });
    const sid = await samples.created('brief');
    await worker.idle();
    await worker.stop();
    worker = await samples.start({ log, directory: { ...samples.directory, definition: () => Promise.resolve(undefined) } }); // its revision is gone
    await eventually('parked', async () => (await parked()).length > 0);
    worker.wake(); // at everything, timers included
    await eventually('two more looks', async () => (await db.query('select from timer where execution = $1', [sid.slice(2)])).length === 0);
    for (let look = 0; look < 3; look++) {
      worker.wake();
      await worker.idle();
    }
    expect((await parked()).map(({ reason }) => reason)).toEqual([expect.stringMatching(`^timer:${sid}:2: Defect`)]);
  });

  it('whose commit meets a deadlock is no poison: the batch is tried again as it was', async () => {
    await db.query('create sequence tries');
    await db.query(`create function deadlock() returns trigger language plpgsql as $$ begin
      if nextval('tries') <= 2 then raise exception 'deadlock' using errcode = '40P01'; end if; return new; end $$`);
    await db.query('create trigger deadlocks before insert on batch for each statement execute function deadlock()');
    const sid = await samples.created('plain');
    worker = await samples.start({ log });
    await eventually('the end', async () => (await samples.view('plain', sid))?.status === 'ended');
    await db.query('drop trigger deadlocks on batch');
    expect(await parked()).toEqual([]);
  });
});
