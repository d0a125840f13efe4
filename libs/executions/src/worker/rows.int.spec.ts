import type { ExecutionSid } from '@atelier/contracts';
import { type Database } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import { type SampleFlow, SampleExecutions } from '../samples/sample-executions';
import { digits } from '../store/columns';
import { EXECUTIONS_DATABASE } from '../store/migrations';
import { STATUS } from './entry';
import { entryOf } from './loader';
import { readExecutions } from './reads';
import type { ExecutionWorker } from './worker';

describe('the store of executions', () => {
  let db: Database;
  let samples: SampleExecutions;
  let worker: ExecutionWorker;
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db);
    worker = await samples.start();
  }, 90_000);
  afterAll(() => samples.close());

  const restarted = async (): Promise<void> => {
    await worker.stop();
    worker = await samples.start();
  };
  /** What the log alone says of an execution. */
  const folded = async (sid: ExecutionSid) => {
    const stored = (await readExecutions(db, [sid])).get(sid)!;
    const sprints = await db.query<{ version: number; at: Date; body: string }>('select version, at, body from sprint where execution = $1 order by version', [digits(sid)]);
    const all = sprints.map(({ version, at, body }) => ({ version, atMs: at.getTime(), events: JSON.parse(body) as (typeof stored.sprints)[number]['events'], characters: body.length }));
    return entryOf({ ...stored, status: STATUS.active, reason: undefined, snapshot: 0, sprints: all }, samples.rules);
  };

  it('holds rows that equal the fold of the log, whatever an execution went through (A11)', async () => {
    const created: [SampleFlow, ExecutionSid][] = [];
    for (const flow of ['plain', 'send', 'ask', 'brief', 'redirect', 'loop', 'sendAndRedirect'] as const) for (let i = 0; i < 3; i++) created.push([flow, await samples.created(flow)]);
    await worker.idle();
    const command = (sid: ExecutionSid, type: 'End' | 'Delete') =>
      samples.ingress.command({ account: samples.account, execution: sid, input: type === 'End' ? { type, reason: 'API_REQUEST' } : { type } });
    for (const [i, [flow, sid]] of created.entries()) {
      const { contact } = (await samples.view(flow, sid))!;
      if (i % 3 === 1) await samples.ingress.message(samples.messageOf(flow, contact, 'me'));
      if (i % 6 === 2) await command(sid, 'End');
      if (i % 6 === 5) await command(sid, 'Delete');
    }
    await worker.idle();
    const all = (await db.query<{ sid: string }>('select sid from execution')).map(({ sid }): ExecutionSid => `FN${sid.replaceAll('-', '')}`);
    expect(all.length).toBeGreaterThanOrEqual(created.length);
    for (const sid of all) {
      const entry = await folded(sid);
      const [row] = await db.query<{ status: number; reason: number | null; at: Date }>('select status, reason, updated_at as at from execution where sid = $1', [digits(sid)]);
      const [last] = await db.query<{ at: Date }>('select at from sprint where execution = $1 order by version desc limit 1', [digits(sid)]);
      expect([sid, row!.status, row!.reason === null, row!.at]).toEqual([sid, entry.status, entry.reason === undefined, last!.at]);
      expect([sid, await db.query(`select (extract(epoch from due_at) * 1000)::float8 as "dueMs", step from timer where execution = $1`, [digits(sid)])]).toEqual([sid, entry.timer ? [entry.timer] : []]);
      expect([sid, await db.query('select step from effect where execution = $1', [digits(sid)])]).toEqual([sid, entry.effect ? [{ step: entry.effect.step }] : []]);
      expect([sid, (await db.query('select key from claim where execution = $1', [digits(sid)])).length]).toEqual([sid, entry.status === STATUS.active ? 1 : 0]);
    }
    const statuses = await db.query<{ status: number }>('select distinct status from execution order by status');
    expect(statuses.map(({ status }) => status)).toEqual([STATUS.active, STATUS.ended, STATUS.deleted]); // else this test has looked at little
  });

  it('gives an execution back to the next owner as it was', async () => {
    const contact = samples.contact();
    const sid = await samples.created('ask', contact);
    await worker.idle();
    const before = await samples.reader.context(samples.account, samples.flows.ask, sid);
    await restarted();
    expect(await samples.reader.context(samples.account, samples.flows.ask, sid)).toEqual(before);
    await samples.ingress.message(samples.messageOf('ask', contact, 'me'));
    await worker.idle();
    expect(await samples.view('ask', sid)).toMatchObject({ status: 'ended' });
  });

  it('takes a snapshot after 32 sprints, from which owner and reader go on as if there were none', async () => {
    const contact = samples.contact();
    const sid = await samples.created('loop', contact);
    const say = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        await worker.idle();
        await samples.ingress.message(samples.messageOf('loop', contact, `reply ${i}`));
      }
      await worker.idle();
    };
    await say(20);
    const [row] = await db.query<{ snapshot: number; version: number }>(
      'select snapshot, (select max(version) from sprint where execution = e.sid) as version from execution e where sid = $1', [digits(sid)]);
    expect(row!.snapshot).toBeGreaterThanOrEqual(32);
    expect(row!.version).toBeGreaterThan(row!.snapshot);
    const context = await samples.reader.context(samples.account, samples.flows.loop, sid);
    expect(context).toMatchObject({ widgets: { ask: { inbound: { Body: 'reply 19' } } } });
    await db.query('update execution set snapshot = 0 where sid = $1', [digits(sid)]); // reads the whole log
    expect(await samples.reader.context(samples.account, samples.flows.loop, sid)).toEqual(context);
    await db.query('update execution set snapshot = $2 where sid = $1', [digits(sid), row!.snapshot]);
    await restarted();
    await say(1);
    expect(await samples.view('loop', sid)).toMatchObject({ status: 'active' });
    expect((await samples.steps('loop', sid)).slice(-3)).toEqual(['next', 'incomingMessage', 'next']);
  }, 20_000);

  it('holds what no text column holds', async () => {
    const contact = 'a\u0000b\ud800';
    const sid = await samples.created('ask', contact);
    await worker.idle();
    expect(await samples.view('ask', sid)).toMatchObject({ contact });
    await samples.ingress.message(samples.messageOf('ask', contact, '\u0000 \udfff \u001e'));
    await worker.idle();
    expect(await samples.reader.context(samples.account, samples.flows.ask, sid)).toMatchObject({ widgets: { ask: { inbound: { Body: '\u0000 \udfff \u001e' } } } });
  });
});
