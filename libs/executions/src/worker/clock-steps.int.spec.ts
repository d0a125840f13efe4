import type { ExecutionSid } from '@atelier/contracts';
import { type Clock, type Database, openDatabase, systemClock } from '@atelier/platform';
import { eventually, testDatabaseUrl } from '@atelier/testing';
import { createIngress } from '../ingress/ingress';
import { conclusive, denseEvents } from '../samples/sample-checks';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE, SHARDS } from '../store/migrations';

const HOUR_MS = 3_600_000;
const PATIENCE_MS = 30_000; // other suites share the machine, and timers are held for ten seconds after a step

/** A machine whose wall clock is set while it runs; its monotonic clock goes on. */
class SteppedClock implements Clock {
  aheadMs = 0;
  nowMs(): number {
    return systemClock.nowMs() + this.aheadMs;
  }
  monotonicMs(): number {
    return systemClock.monotonicMs();
  }
}

describe('a clock that is set an hour forward or back', () => {
  let url: string;
  let clock: SteppedClock;
  let samples: SampleExecutions;
  let second: Database | undefined;
  const opened = (): Promise<Database> => openDatabase({ url, ...EXECUTIONS_DATABASE });
  beforeAll(async () => void (url = await testDatabaseUrl()), 90_000);
  beforeEach(async () => {
    clock = new SteppedClock();
    samples = new SampleExecutions(await opened(), clock);
  }, 30_000);
  afterEach(async () => {
    await samples.close();
    await second?.close();
    second = undefined;
  }, 30_000);
  const ended = (flow: 'send' | 'brief' | 'plain', sid: ExecutionSid) => eventually('the end', async () => (await samples.view(flow, sid))?.status === 'ended', PATIENCE_MS);

  it.each([
    ['forward', HOUR_MS],
    ['back', -HOUR_MS],
  ])('%s loses no lease, repeats no input and no send, and leaves no gap', async (_, stepMs) => {
    const worker = await samples.start();
    const contact = samples.contact();
    const message = samples.messageOf('send', contact, 'hi');
    expect(await samples.ingress.message(message)).toMatchObject({ kind: 'accepted' });
    await ended('send', message.start.execution);
    const epochs = () => samples.db.query('select shard, epoch from lease order by shard');
    const before = await epochs();
    clock.aheadMs = stepMs;
    const door = createIngress(samples.db, { clock });
    expect(await door.message(message)).toMatchObject({ kind: 'repeated' });
    const sids = [await samples.created('send', contact), await samples.created('plain', contact)];
    await ended('send', sids[0]!);
    await ended('plain', sids[1]!);
    await new Promise((resolve) => setTimeout(resolve, 4_000)); // longer than a lease
    expect([worker.shardsOwned, await epochs()]).toEqual([SHARDS, before]);
    expect(samples.performer.timesOf(sids[0]!)).toEqual([1]);
    const events = (await denseEvents(samples.db)).filter(({ subject }) => subject === sids[0]).map(({ type }) => type.split('.').slice(-2).join('.'));
    expect(events).toEqual(['execution.started', 'step.ended', 'step.ended', 'execution.ended']);
    await door.close();
  }, 60_000);

  it('lets a timer fire once, whether it became due by the step or not', async () => {
    const worker = await samples.start();
    const early = await samples.created('brief');
    await worker.idle();
    clock.aheadMs = HOUR_MS;
    await ended('brief', early);
    const late = await samples.created('brief');
    await worker.idle();
    clock.aheadMs = 0;
    await worker.idle();
    clock.aheadMs = HOUR_MS;
    await ended('brief', late);
    for (const sid of [early, late]) expect(await samples.steps('brief', sid)).toEqual(['incomingRequest', 'timeout', 'next']);
    expect(await samples.db.query('select execution from timer')).toEqual([]);
  }, 90_000);

  it('makes nobody send again what another owner is sending: the store says how old an attempt is (A5)', async () => {
    conclusive(samples);
    let answer: () => void = () => undefined;
    const sid = await samples.created('send');
    samples.performer.outcome = () => new Promise((resolve) => (answer = () => resolve({ ok: true, payload: { Sid: 'SM1', Status: 'queued' } })));
    await samples.start();
    await eventually('the send is on its way', () => samples.performer.timesOf(sid).length === 1);
    samples.performer.performed.length = 0; // the carrier does not know of it yet: a look-up finds nothing
    clock.aheadMs = HOUR_MS;
    second = await opened();
    const other = await samples.start({ db: second });
    const [open] = await samples.db.query<{ shard: number }>('select shard from effect');
    const sabotage = () => samples.db.query(`update lease set owner = 'nobody', until = now() - interval '1 s' where shard = $1`, [open!.shard]);
    await eventually('the other one owns it', async () => other.owns(open!.shard) || (await sabotage(), false), PATIENCE_MS);
    await new Promise((resolve) => setTimeout(resolve, 3_000)); // it would ask within one
    expect(samples.performer.timesOf(sid)).toEqual([]);
    answer();
    await ended('send', sid);
    expect(samples.performer.timesOf(sid)).toEqual([]);
  }, 60_000);
});
