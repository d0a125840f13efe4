import { type ExecutionSid, sidOf, stepSidOf } from '@atelier/contracts';
import { type Database, newExecutionSid, newSid } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import { MovableClock, SampleExecutions } from '../samples/sample-executions';
import type { ExecutionWorker } from '../worker/worker';
import { createExecutionReader } from './execution-reader';
import { EXECUTIONS_DATABASE } from './migrations';

const DAY_MS = 86_400_000;

describe('the reader of executions', () => {
  let db: Database;
  let samples: SampleExecutions;
  let worker: ExecutionWorker;
  const clock = new MovableClock();
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db, clock);
    worker = await samples.start();
  }, 90_000);
  afterAll(() => samples.close());

  const list = async (flow: 'plain' | 'ask' | 'loop' | 'redirect' | 'send', query: Partial<Parameters<SampleExecutions['reader']['list']>[2]> = {}): Promise<readonly ExecutionSid[]> =>
    (await samples.reader.list(samples.account, samples.flows[flow], { limit: 50, ...query })).map(({ sid }) => sid);
  const inOrder = async (flow: 'plain' | 'loop', count: number): Promise<readonly ExecutionSid[]> => {
    const sids: ExecutionSid[] = [];
    for (let i = 0; i < count; i++) sids.push(await samples.created(flow));
    return sids.sort().reverse();
  };

  it('shows what was accepted before anybody decided it: active, without steps, with the context of its trigger', async () => {
    await worker.stop();
    const start = samples.startOf('ask');
    await samples.ingress.create(start);
    const { execution: sid, trigger } = start;
    expect(await samples.view('ask', sid)).toMatchObject({ sid, status: 'active', contact: trigger.contact, initiatedBy: trigger.initiatedBy, revision: 1 });
    expect(await list('ask')).toEqual([sid]);
    expect(await list('ask', { status: 'active' })).toEqual([sid]);
    expect(await list('ask', { status: 'ended' })).toEqual([]);
    expect(await samples.reader.steps(samples.account, samples.flows.ask, sid, { limit: 9 })).toEqual([]);
    expect(await samples.reader.context(samples.account, samples.flows.ask, sid)).toMatchObject({ contact: { channel: { address: trigger.contact } }, flow: { sid } });
    worker = await samples.start();
    await worker.idle();
    expect(await list('ask')).toEqual([sid]);
  });

  it('pages in both directions through what nobody has decided yet', async () => {
    await worker.stop();
    const sids = await inOrder('loop', 5);
    expect(await list('loop', { limit: 2 })).toEqual(sids.slice(0, 2));
    expect(await list('loop', { limit: 2, before: sids[1]! })).toEqual(sids.slice(2, 4));
    expect(await list('loop', { limit: 9, before: sids[3]! })).toEqual(sids.slice(4));
    expect(await list('loop', { limit: 2, after: sids[4]! })).toEqual([sids[3], sids[2]]);
    worker = await samples.start();
    await worker.idle();
  });

  it('lists what is decided in the moment of the reading', async () => {
    await worker.stop();
    const sid = await samples.created('redirect');
    let isFirst = true;
    const decidedBetween: Database = Object.assign(Object.create(db) as Database, {
      query: async (...statement: Parameters<Database['query']>): Promise<unknown[]> => {
        const rows = await db.query(...statement);
        if (isFirst) {
          isFirst = false;
          worker = await samples.start();
          await worker.idle();
        }
        return rows;
      },
    });
    const reader = createExecutionReader(decidedBetween, samples.rules, clock);
    expect((await reader.list(samples.account, samples.flows.redirect, { limit: 9 })).map((each) => each.sid)).toEqual([sid]);
  });

  it('pages through executions in both directions, newest first', async () => {
    const sids = await inOrder('plain', 7);
    await worker.idle();
    expect(await list('plain')).toEqual(sids);
    expect(await list('plain', { limit: 3 })).toEqual(sids.slice(0, 3));
    expect(await list('plain', { limit: 3, before: sids[2]! })).toEqual(sids.slice(3, 6));
    expect(await list('plain', { limit: 3, after: sids[6]! })).toEqual([sids[5], sids[4], sids[3]]);
  });

  it('filters by status and by the moment of the start, both bounds inclusive', async () => {
    const at = (ms: number): ExecutionSid => newExecutionSid(ms);
    const nowMs = clock.nowMs();
    const starts = [nowMs - 3_000, nowMs - 2_000, nowMs - 1_000].map((ms) => ({ ...samples.startOf('send'), execution: at(ms) }));
    for (const start of starts) await samples.ingress.create(start);
    await worker.idle();
    const [oldest, middle, newest] = starts.map(({ execution }) => execution);
    expect(await list('send', { createdFromMs: nowMs - 2_000 })).toEqual([newest, middle]);
    expect(await list('send', { createdToMs: nowMs - 2_000 })).toEqual([middle, oldest]);
    expect(await list('send', { createdFromMs: nowMs - 2_000, createdToMs: nowMs - 2_000, status: 'ended' })).toEqual([middle]);
    expect(await list('send', { status: 'active' })).toEqual([]);
  });

  it('knows each step, the context after it, and pages of steps in both directions', async () => {
    const contact = samples.contact();
    const sid = await samples.created('ask', contact);
    await worker.idle();
    await samples.ingress.message(samples.messageOf('ask', contact, 'me'));
    await worker.idle();
    const owner = [samples.account, samples.flows.ask, sid] as const;
    const page = async (query: { limit: number; before?: number; after?: number }) => (await samples.reader.steps(...owner, query))?.map(({ number }) => number);
    expect(await page({ limit: 2 })).toEqual([3, 2]);
    expect(await page({ limit: 2, before: 2 })).toEqual([1]);
    expect(await page({ limit: 1, after: 1 })).toEqual([2]);
    expect(await samples.reader.step(...owner, stepSidOf(sid, 2))).toMatchObject({ name: 'incomingMessage', from: 'ask', to: 'thanks', type: 'send-and-wait-for-reply' });
    expect(await samples.reader.step(...owner, stepSidOf(sid, 9))).toBeUndefined();
    const after = (step: number) => samples.reader.stepContext(...owner, stepSidOf(sid, step));
    expect(await after(1)).toMatchObject({ widgets: {} });
    expect(await after(2)).toMatchObject({ widgets: { ask: { inbound: { Body: 'me' } } } });
    expect((await after(2))?.['widgets']).not.toHaveProperty('thanks');
    expect(await after(3)).toEqual(await samples.reader.context(...owner));
    expect(await after(4)).toBeUndefined();
  });

  it('names the active execution of a contact, and the TwiML it waits with', async () => {
    const contact = samples.contact();
    const owner = [samples.account, samples.flows.redirect, contact] as const;
    expect(await samples.reader.active(...owner, ['+15557650001'])).toBeUndefined();
    const sid = await samples.created('redirect', contact);
    await worker.idle();
    expect(await samples.reader.active(...owner, ['+1', '+15557650001'])).toBe(sid);
    expect(await samples.reader.twiml(...owner, ['+15557650001'])).toContain('https://example.com/');
    await samples.ingress.command({ account: samples.account, execution: sid, input: { type: 'FlowEvent', event: 'return', parameters: {} } });
    await worker.idle();
    expect(await samples.reader.active(...owner, ['+15557650001'])).toBeUndefined();
    expect(await samples.reader.twiml(...owner, ['+15557650001'])).toBeUndefined();
  });

  it('shows nothing to another account or under another flow', async () => {
    const sid = await samples.created('plain');
    await worker.idle();
    expect(await samples.reader.fetch(newSid('AC'), samples.flows.plain, sid)).toBeUndefined();
    expect(await samples.reader.fetch(samples.account, samples.flows.ask, sid)).toBeUndefined();
    expect(await samples.reader.list(newSid('AC'), samples.flows.plain, { limit: 9 })).toEqual([]);
    expect(await samples.reader.context(newSid('AC'), samples.flows.plain, sid)).toBeUndefined();
    expect(await samples.reader.fetch(samples.account, samples.flows.plain, sidOf('FN', '0'.repeat(32)))).toBeUndefined();
  });

  it('shows nothing that started more than 30 days ago (studio 6)', async () => {
    const sid = await samples.created('plain');
    await worker.idle();
    const later = new MovableClock();
    const reader = new SampleExecutions(db, later).reader;
    later.move(29 * DAY_MS);
    expect(await reader.fetch(samples.account, samples.flows.plain, sid)).toBeDefined();
    later.move(2 * DAY_MS);
    expect(await reader.fetch(samples.account, samples.flows.plain, sid)).toBeUndefined();
    expect(await reader.list(samples.account, samples.flows.plain, { limit: 9 })).toEqual([]);
  });
});
