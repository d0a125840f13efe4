import { type AccountSid, Fault, stepSidOf } from '@atelier/contracts';
import { type Database, newSid } from '@atelier/platform';
import type { EffectOutcome } from '@atelier/widgets';
import { eventually, testDatabase } from '@atelier/testing';
import { MovableClock, SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE } from '../store/migrations';
import type { ExecutionWorker } from './worker';

const RECONCILED_MS = 16_000; // the time-out of an effect, 5 s, and a little

// A5: a step causes at most one send. Request and attempt are stored with the sprint, the outcome with the next.
describe('a send whose answer is lost', () => {
  let db: Database;
  let samples: SampleExecutions;
  let worker: ExecutionWorker;
  const clock = new MovableClock();
  const lost = (): Promise<EffectOutcome> => Promise.reject(new Fault('nobody knows'));
  const accepted: EffectOutcome = { ok: true, payload: { Sid: 'SMfound', Status: 'sent' } };
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db, clock);
  }, 90_000);
  afterAll(() => samples.close());
  beforeEach(async () => {
    samples.performer.outcome = lost;
    samples.performer.verdict = () => Promise.resolve('wait');
    worker = await samples.start();
  });
  afterEach(async () => {
    samples.performer.outcome = () => Promise.resolve(accepted);
    await worker.stop();
  });

  /** An execution whose first send went out, and whose answer never came. */
  const inDoubt = async (flow: 'send' | 'ask' = 'send', contact = samples.contact()) => {
    const sid = await samples.created(flow, contact);
    await eventually('attempted', () => samples.performer.timesOf(sid).length > 0);
    return sid;
  };
  /** Attempts have been made so long ago, as the store knows: for the owner that takes over. */
  const aged = () => db.query(`update effect set attempted_at = attempted_at - interval '${RECONCILED_MS} milliseconds'`);
  const ended = (sid: Awaited<ReturnType<typeof inDoubt>>) => eventually('the end', async () => (await samples.view('send', sid))?.status === 'ended');
  const decided = () => eventually('decided', async () => (await db.query('select from command c where c.pos > coalesce((select command_pos from batch where shard = c.shard order by n desc limit 1), 0)')).length === 0);
  const status = (sid: Awaited<ReturnType<typeof inDoubt>>, step: number, value = 'delivered') =>
    samples.ingress.command({
      account: samples.account, execution: sid,
      input: { type: 'MessageStatus', messageSid: 'SMtold', status: value, step, parameters: { MessageSid: 'SMtold', MessageStatus: value, StepSid: stepSidOf(sid, step) } },
    });

  it('is stored with its attempt before anything is sent', async () => {
    const stored: unknown[] = [];
    samples.performer.outcome = async ({ execution }) => {
      stored.push(...(await db.query('select attempts, attempted_at is not null as marked from effect where execution = $1', [execution.slice(2)])));
      return accepted;
    };
    await ended(await samples.created('send'));
    expect(stored).toEqual([{ attempts: 1, marked: true }]);
  });

  it('is not asked about before no first attempt can still be on its way', async () => {
    const asked: number[] = [];
    const sid = await inDoubt();
    samples.performer.verdict = (_, { attemptedAtMs, nowMs }) => (asked.push(nowMs - attemptedAtMs), Promise.resolve(accepted));
    clock.move(RECONCILED_MS);
    await ended(sid);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toBeGreaterThanOrEqual(15_000);
    expect(samples.performer.timesOf(sid)).toEqual([1]);
  });

  it('found at the provider has that as its outcome, without a second send', async () => {
    const sid = await inDoubt();
    samples.performer.verdict = () => Promise.resolve(accepted);
    clock.move(RECONCILED_MS);
    await ended(sid);
    expect(await samples.steps('send', sid)).toEqual(['incomingRequest', 'sent']);
    expect(await samples.reader.context(samples.account, samples.flows.send, sid)).toMatchObject({ widgets: { hello: { outbound: { Sid: 'SMfound' } } } });
    expect(samples.performer.timesOf(sid)).toEqual([1]);
  });

  it('certainly not there is sent again, and the second attempt is recorded', async () => {
    const sid = await inDoubt();
    const attempts: unknown[] = [];
    samples.performer.verdict = () => Promise.resolve('again');
    samples.performer.outcome = async () => {
      attempts.push(...(await db.query('select attempts from effect where execution = $1', [sid.slice(2)])));
      return accepted;
    };
    clock.move(RECONCILED_MS);
    await ended(sid);
    expect(attempts).toEqual([{ attempts: 2 }]);
    expect(samples.performer.timesOf(sid)).toEqual([2]);
  });

  it('and never found leaves by the failure event', async () => {
    const sid = await inDoubt();
    samples.performer.verdict = () => Promise.resolve({ ok: false, code: 81011, message: 'nobody can say', unknown: true });
    clock.move(RECONCILED_MS);
    await ended(sid);
    expect(await samples.steps('send', sid)).toEqual(['incomingRequest', 'failed']);
  });

  it('is settled by the status callback that names its step: that message is asked for at once', async () => {
    samples.performer.verdict = (_, { messageSid }) => Promise.resolve(messageSid ? { ok: true, payload: { Sid: messageSid } } : 'wait');
    const sid = await inDoubt();
    await eventually('doubtful', async () => (await status(sid, 2), (await samples.view('send', sid))?.status === 'ended'));
    expect(await samples.steps('send', sid)).toEqual(['incomingRequest', 'sent']);
    expect(await samples.reader.context(samples.account, samples.flows.send, sid)).toMatchObject({ widgets: { hello: { outbound: { Sid: 'SMtold' } } } });
    expect(samples.performer.timesOf(sid)).toEqual([1]);
  });

  it('is settled by a status callback that the former owner was told', async () => {
    const sid = await inDoubt();
    await status(sid, 2);
    await decided();
    await worker.stop();
    samples.performer.verdict = (_, { messageSid }) => Promise.resolve(messageSid ? { ok: true, payload: { Sid: messageSid } } : 'wait');
    await aged();
    worker = await samples.start();
    await ended(sid);
    expect(samples.performer.timesOf(sid)).toEqual([1]);
  });

  it('is not settled by the status of another step', async () => {
    const sid = await inDoubt();
    await status(sid, 1);
    await decided();
    expect(await db.query('select step from effect where execution = $1', [sid.slice(2)])).toEqual([{ step: 2 }]);
    samples.performer.verdict = () => Promise.resolve(accepted);
    clock.move(RECONCILED_MS);
    await ended(sid);
  });

  it('is asked for at once too where the status came before the answer was lost', async () => {
    samples.performer.verdict = (_, { messageSid }) => Promise.resolve(messageSid ? { ok: true, payload: { Sid: messageSid } } : 'wait');
    let lose: () => void = () => undefined;
    samples.performer.outcome = () => new Promise((_, reject) => (lose = () => reject(new Fault('nobody knows'))));
    const sid = await inDoubt();
    await status(sid, 2, 'sent');
    await decided();
    lose();
    await ended(sid);
    expect(await samples.steps('send', sid)).toEqual(['incomingRequest', 'sent']);
  });

  it('is reconciled by the owner that takes over', async () => {
    const sid = await inDoubt();
    await worker.stop();
    samples.performer.verdict = () => Promise.resolve(accepted);
    await aged();
    worker = await samples.start();
    await ended(sid);
    expect(samples.performer.timesOf(sid)).toEqual([1]);
  });

  it('does not take a message that is another step’s outcome, nor do two steps take the same', async () => {
    const claimed: boolean[] = [];
    const contact = samples.contact();
    samples.performer.outcome = () => Promise.resolve(accepted);
    await ended(await inDoubt('send', contact)); // has SMfound
    samples.performer.outcome = lost;
    const second = await inDoubt('send', contact);
    samples.performer.verdict = async (_, { isClaimed }) => {
      for (const message of ['SMfound', 'SMnobodys', 'SMnobodys']) claimed.push((await isClaimed?.(message)) ?? true);
      return { ok: true, payload: { Sid: 'SMnobodys' } };
    };
    await worker.stop(); // what was in its memory is gone: the log says it
    await aged();
    worker = await samples.start();
    await ended(second);
    expect(claimed).toEqual([true, false, false]);
  });

  it('waits for a free slot where its account has none, and is marked when it gets one', async () => {
    await worker.stop();
    let isOver = false;
    let most = 0;
    let running = 0;
    samples.performer.outcome = async () => {
      most = Math.max(most, ++running);
      await eventually('over', () => isOver);
      running--;
      return accepted;
    };
    worker = await samples.start({ settings: { effectsPerAccountMax: 2 } });
    const sids = await Promise.all(Array.from({ length: 5 }, () => samples.created('send')));
    await eventually('two run, three wait', async () => (await db.query('select from effect where attempted_at is null')).length === 3 && running === 2);
    isOver = true;
    for (const sid of sids) await ended(sid);
    expect(most).toBe(2);
    for (const sid of sids) expect(samples.performer.timesOf(sid)).toEqual([1]);
  }, 15_000);

  it('waits for one effect of each other account at most, however many of theirs wait', async () => {
    await worker.stop();
    const gates: (() => void)[] = [];
    const performed: string[] = [];
    samples.performer.outcome = async ({ account }) => {
      performed.push(account);
      await new Promise<void>((resolve) => void gates.push(resolve));
      return accepted;
    };
    worker = await samples.start({ settings: { effectsMax: 8, effectsPerAccountMax: 2 } });
    const sendOf = (account: AccountSid) => samples.ingress.create({ ...samples.startOf('send'), account });
    const floods = Array.from({ length: 4 }, () => newSid('AC'));
    await Promise.all(floods.flatMap((account) => Array.from({ length: 25 }, () => sendOf(account))));
    const waiting = async () => (await db.query('select from effect where attempted_at is null')).length;
    await eventually('all slots are taken', async () => gates.length === 8 && (await waiting()) === 92);
    const quiet = newSid('AC');
    await sendOf(quiet);
    await eventually('the quiet one waits too', async () => (await waiting()) === 93);
    gates.shift()?.();
    await eventually('the next has begun', () => performed.length === 9);
    expect(performed[8]).toBe(quiet);
    samples.performer.outcome = () => Promise.resolve(accepted);
    for (const open of gates) open();
    await worker.idle();
  }, 30_000);
});
