import { type Database, newSid } from '@atelier/platform';
import type { EffectOutcome } from '@atelier/widgets';
import { eventually, testDatabase } from '@atelier/testing';
import { MovableClock, SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE } from '../store/migrations';
import type { Postponed } from './effect-performer.port';
import type { ExecutionWorker } from './worker';
import { DEFAULT_WORKER_SETTINGS } from './worker-config';

// N8: while the provider is away messages wait; nothing is sent twice, nothing fails before its patience ends.
describe('a message that could not be handed to its provider', () => {
  let db: Database;
  let samples: SampleExecutions;
  let worker: ExecutionWorker;
  const clock = new MovableClock();
  const away: Postponed = { kind: 'postponed', why: 'nobody listens', otherwise: { ok: false, code: 81011, message: 'nobody listens' } };
  const accepted = (): EffectOutcome => ({ ok: true, payload: { Sid: newSid('SM'), Status: 'queued' } });
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db, clock);
  }, 90_000);
  afterAll(() => samples.close());
  beforeEach(async () => {
    samples.performer.outcome = () => Promise.resolve(away);
    samples.performer.verdict = () => Promise.reject(new Error('nothing is in doubt here'));
    worker = await samples.start();
  });
  afterEach(() => worker.stop());

  const attempts = (sid: Awaited<ReturnType<SampleExecutions['created']>>): number => samples.performer.timesOf(sid)[0] ?? 0;
  const waiting = async (): Promise<Awaited<ReturnType<SampleExecutions['created']>>> => {
    const sid = await samples.created('send');
    await eventually('its mark is taken back', async () => attempts(sid) > 0 && (await db.query('select 1 from effect where execution = $1 and attempted_at is null', [sid.slice(2)])).length === 1);
    return sid;
  };
  const ended = (sid: Awaited<ReturnType<typeof waiting>>) => eventually('the end', async () => (await samples.view('send', sid))?.status === 'ended', 15_000);

  it('waits, and goes out once when the provider is back', async () => {
    const sid = await waiting();
    clock.move(1_001);
    await eventually('a second attempt', () => attempts(sid) === 2, 10_000);
    samples.performer.outcome = () => Promise.resolve(accepted());
    clock.move(10_001);
    await ended(sid);
    expect(await samples.steps('send', sid)).toEqual(['incomingRequest', 'sent']);
    expect(attempts(sid)).toBe(3);
  }, 30_000);

  it('fails with what was said to it once its patience has ended, and not before', async () => {
    const sid = await waiting();
    clock.move(599_000);
    await eventually('another attempt', () => attempts(sid) >= 2, 10_000);
    expect(await samples.view('send', sid)).toMatchObject({ status: 'active' });
    clock.move(20_000);
    await ended(sid);
    expect(await samples.steps('send', sid)).toEqual(['incomingRequest', 'failed']);
  }, 30_000);

  it('waits without end for a service of our own', async () => {
    samples.performer.outcome = () => Promise.resolve({ kind: 'postponed', why: 'the keys are away' });
    const sid = await waiting();
    clock.move(86_400_000);
    await eventually('another attempt', () => attempts(sid) >= 2, 10_000);
    samples.performer.outcome = () => Promise.resolve(accepted());
    clock.move(10_001);
    await ended(sid);
    expect(await samples.steps('send', sid)).toEqual(['incomingRequest', 'sent']);
  }, 30_000);

  it('is attempted at once by the next owner', async () => {
    const sid = await waiting();
    await worker.stop();
    samples.performer.outcome = () => Promise.resolve(accepted());
    worker = await samples.start();
    await ended(sid);
    expect(attempts(sid)).toBe(2);
  }, 30_000);

  it('does not hold a slot while it waits', async () => {
    await worker.stop();
    worker = await samples.start({ settings: { ...DEFAULT_WORKER_SETTINGS, effectsMax: 1, effectsPerAccountMax: 1 } });
    const sid = await waiting();
    samples.performer.outcome = (effect) => Promise.resolve(effect.execution === sid ? away : accepted());
    await ended(await samples.created('send'));
    expect(await samples.view('send', sid)).toMatchObject({ status: 'active' });
  }, 30_000);
});
