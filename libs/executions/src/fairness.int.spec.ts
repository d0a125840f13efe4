import 'reflect-metadata';
import { MemoryTopic, createEmbeddedBus } from '@atelier/bus';
import { type AccountSid, type ExecutionSid, Rejection } from '@atelier/contracts';
import { type Database, newSid, silentLog, systemClock } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { createIngress } from './ingress/ingress';
import type { Ingress } from './ingress/ingress.port';
import { TriggerResults } from './publish/trigger-results';
import { ADDRESS, SampleExecutions } from './samples/sample-executions';
import { EXECUTIONS_DATABASE } from './store/migrations';
import { Triggers, consumeTriggers } from './triggers/triggers.consumer';
import type { ExecutionWorker } from './worker/worker';

const FLOOD = 6_000;
const PROBES = 15;
const SLACK_MS = 400; // of a busy machine; the floods below take seconds
const PATIENCE_MS = 90_000;

// One account's flood does not starve another: doors, topics and workers over one database, as they run in a product, with the caps that stand in its settings.
describe('the executions of a quiet account beside a flood of another', () => {
  let db: Database;
  let samples: SampleExecutions;
  let worker: ExecutionWorker;
  let ingress: Ingress;
  let contacts = 0;
  const contact = (): string => `+1559${String(++contacts).padStart(7, '0')}`;
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db);
    worker = await samples.start();
  }, 90_000);
  afterAll(() => samples.close());
  afterEach(() => ingress.close());

  const startOf = (account: AccountSid) => ({ ...samples.startOf('plain', contact()), account });
  const endedMs = async (account: AccountSid, enter: () => Promise<ExecutionSid>): Promise<number> => {
    const startedMs = performance.now();
    const sid = await enter();
    await eventually('the end', async () => (await samples.reader.fetch(account, samples.flows.plain, sid))?.status === 'ended', PATIENCE_MS);
    return performance.now() - startedMs;
  };
  /** One after the other: the slowest, and the one in the middle. */
  const probed = async (probe: () => Promise<number>): Promise<{ readonly middle: number; readonly slowest: number }> => {
    const times: number[] = [];
    for (let n = 0; n < PROBES; n++) times.push(await probe());
    times.sort((a, b) => a - b);
    return { middle: times[Math.floor(PROBES / 2)] ?? NaN, slowest: times.at(-1) ?? NaN };
  };
  const count = async (account: AccountSid): Promise<number> => (await db.query<{ n: number }>('select count(*)::int as n from execution where account = $1 and status = 1', [account.slice(2)]))[0]?.n ?? 0;

  it('that comes over the topic are as quick as ever, though thousands of records of the flood came before them', async () => {
    ingress = createIngress(db, { triggersPerAccountMax: 250 });
    const topic = new MemoryTopic('atelier.triggers', 'foreign', 1);
    const triggers = new Triggers(db, new TriggerResults(db), { ingress, flows: samples.directory, clock: systemClock, settings: { contactBytesMax: 300 } });
    const bus = createEmbeddedBus([topic], silentLog);
    const stop = await consumeTriggers(bus, triggers);
    const [loud, quiet] = [newSid('AC'), newSid('AC')];
    const record = (account: AccountSid) => {
      const idempotency_key = newSid('RQ');
      return { id: idempotency_key, source: 'tests', type: 'atelier.trigger.v1', time: '2026-01-31T12:00:00Z', data: { account_sid: account, flow_sid: samples.flows.plain, to: contact(), from: ADDRESS, idempotency_key } };
    };
    const probe = (): Promise<number> =>
      endedMs(quiet, async () => {
        const mine = record(quiet);
        topic.append(0, [mine]);
        return eventually('it is started', async () => (await samples.reader.list(quiet, samples.flows.plain, { limit: 100 })).find(({ contact: to }) => to === mine.data.to)?.sid, PATIENCE_MS);
      });
    const before = await probed(probe);
    const floodStartedMs = performance.now();
    topic.append(0, Array.from({ length: FLOOD }, () => record(loud)));
    await eventually('the flood is deferred', async () => (await db.query('select from deferred_trigger limit 1')).length > 0, PATIENCE_MS);
    const during = await probed(probe);
    const isFlooded = (await db.query('select from deferred_trigger limit 1')).length > 0;
    await eventually('the flood is over', async () => (await count(loud)) === FLOOD, PATIENCE_MS);
    const floodMs = performance.now() - floodStartedMs;
    expect(isFlooded).toBe(true); // else the probes were not beside it
    expect(during.middle).toBeLessThan(10 * before.middle + SLACK_MS);
    expect(during.slowest).toBeLessThan(floodMs / 2);
    await stop();
    await bus.close();
  }, 180_000);

  it('over REST are accepted and quick, while the flood is told to wait above its cap', async () => {
    ingress = createIngress(db, { backlogPerAccountMax: 200 });
    const [loud, quiet] = [newSid('AC'), newSid('AC')];
    const probe = (): Promise<number> => endedMs(quiet, async () => (await ingress.create(startOf(quiet))).execution);
    const before = await probed(probe);
    let isOver = false;
    let [accepted, refused] = [0, 0];
    const flooding = Array.from({ length: 400 }, async () => {
      while (!isOver) {
        const isIn = await ingress.create(startOf(loud)).then(
          () => true,
          (error: unknown) => {
            if (error instanceof Rejection && error.name === 'TooManyRequests') return false;
            throw error;
          },
        );
        if (isIn) accepted++;
        else refused++;
        await new Promise((resolve) => setTimeout(resolve, isIn ? 0 : 20)); // told to wait, a client waits
      }
    });
    await eventually('the flood has reached its cap', () => refused > 0, PATIENCE_MS);
    const during = await probed(probe); // a create that were refused would throw
    await eventually('the flood goes on', () => accepted > 1_000, PATIENCE_MS); // however quick the probes were
    isOver = true;
    await Promise.all(flooding);
    expect(during.middle).toBeLessThan(10 * before.middle + SLACK_MS);
    await eventually('what was accepted has run', async () => (await count(loud)) === accepted, PATIENCE_MS);
    expect(await db.query('select from parked')).toEqual([]);
    await worker.stop();
  }, 180_000);
});
