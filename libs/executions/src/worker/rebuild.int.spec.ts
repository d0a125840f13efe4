import type { ExecutionSid } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { SampleExecutions } from '../samples/sample-executions';
import { digits } from '../store/columns';
import { EXECUTIONS_DATABASE, SHARDS } from '../store/migrations';
import { type RebuiltShard, rebuildExecutions } from './rebuild';

jest.setTimeout(90_000);

describe('rows built again from the log', () => {
  let db: Database;
  let samples: SampleExecutions;
  beforeEach(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db);
  }, 90_000);
  afterEach(() => samples.close());

  const rebuilt = async (): Promise<{ executions: number; changed: number }> => {
    const shards: RebuiltShard[] = [];
    await rebuildExecutions(db, (done) => shards.push(done));
    expect(shards.map(({ shard }) => shard)).toEqual(Array.from({ length: SHARDS }, (_, i) => i));
    return { executions: shards.reduce((sum, { executions }) => sum + executions, 0), changed: shards.reduce((sum, { changed }) => sum + changed, 0) };
  };
  const rows = async () => ({
    executions: await db.query('select * from execution order by sid'),
    timers: await db.query('select * from timer order by execution'),
    effects: await db.query('select execution, step, kind, account, shard from effect order by execution'),
  });
  const everyKind = async (): Promise<ExecutionSid[]> => {
    const created: ExecutionSid[] = [];
    for (const flow of ['plain', 'ask', 'loop', 'redirect', 'send'] as const) for (let i = 0; i < 3; i++) created.push(await samples.created(flow));
    return created;
  };

  it('are the rows that were there, whatever was lost or changed of them; a second time changes nothing', async () => {
    samples.performer.outcome = (effect) => (effect.flow === samples.flows.send ? new Promise(() => undefined) : Promise.resolve({ ok: true, payload: { Sid: `SM${'a'.repeat(32)}`, Status: 'queued' } }));
    const worker = await samples.start();
    const sids = await everyKind();
    await eventually('sends without outcome', async () => (await rows()).effects.length === 3 && (await rows()).timers.length === 9);
    await samples.ingress.command({ account: samples.account, execution: sids[0]!, input: { type: 'Delete' } });
    await worker.stop();
    const before = await rows();
    expect(await rebuilt()).toEqual({ executions: 15, changed: 0 });
    await db.query(`update execution set status = 1, reason = 0, contact = 'x', snapshot = 7, updated_at = now() where sid = $1`, [digits(sids[3]!)]);
    await db.query('delete from execution where sid = $1', [digits(sids[4]!)]);
    await db.query('delete from timer where execution = any($1::uuid[])', [[digits(sids[3]!), digits(sids[6]!)]]);
    await db.query(`insert into timer (shard, due_at, execution, step) select shard, now(), sid, 9 from execution where sid = $1`, [digits(sids[1]!)]);
    await db.query('delete from effect where execution = $1', [digits(sids[12]!)]);
    await db.query(`insert into effect (shard, execution, step, kind, account, epoch) select shard, sid, 9, 1, account, 1 from execution where sid = $1`, [digits(sids[2]!)]);
    expect(await rebuilt()).toEqual({ executions: 15, changed: 7 });
    expect(await rows()).toEqual(before);
    const [effect] = await db.query('select attempts, attempted_at is null as unmarked from effect where execution = $1', [digits(sids[12]!)]);
    expect(effect).toEqual({ attempts: 1, unmarked: false }); // A5: nobody knows whether it was sent
    expect(await rebuilt()).toEqual({ executions: 15, changed: 0 });
  });

  it('come while workers work and readers read: nothing is lost, doubled or left waiting', async () => {
    const worker = await samples.start();
    const contacts = Array.from({ length: 60 }, () => samples.contact());
    const asked = await Promise.all(contacts.map((contact) => samples.created('ask', contact)));
    await worker.idle();
    let isOver = false;
    const created: ExecutionSid[] = [];
    const load = async (): Promise<void> => {
      while (!isOver) {
        created.push(await samples.created('plain'));
        expect(await samples.view('ask', asked[0]!)).toMatchObject({ status: 'active' });
      }
    };
    const loading = load();
    await rebuilt();
    isOver = true;
    await loading;
    for (const contact of contacts) await samples.ingress.message(samples.messageOf('ask', contact, 'me'));
    await eventually('every execution ends', async () => (await db.query(`select 1 from execution where status = 0`)).length === 0 && (await db.query('select 1 from execution')).length === created.length + 60, 30_000);
    expect(created.length).toBeGreaterThan(5); // else there was no load
    const counts = await db.query<{ steps: number }>(`select count(*)::int as steps from sprint group by execution having count(*) filter (where body like '%ExecutionStarted%') > 1`);
    expect(counts).toEqual([]);
    expect((await rebuilt()).changed).toBe(0);
  });
});
