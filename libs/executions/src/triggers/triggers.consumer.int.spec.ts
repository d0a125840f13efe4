import { type Bus, MemoryTopic, createEmbeddedBus } from '@atelier/bus';
import type { PublicEvent } from '@atelier/contracts';
import { type Database, silentLog, systemClock } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { createIngress } from '../ingress/ingress';
import { TriggerResults } from '../publish/trigger-results';
import { ADDRESS, SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE } from '../store/migrations';
import { Triggers, consumeTriggers } from './triggers.consumer';

describe('a record of atelier.triggers', () => {
  let db: Database;
  let samples: SampleExecutions;
  let topic: MemoryTopic;
  let bus: Bus;
  let triggers: Triggers;
  let results: TriggerResults;
  let stop: () => Promise<void> = async () => undefined;
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db);
  }, 90_000);
  afterAll(() => samples.close());
  const consuming = async (ingress = samples.ingress): Promise<void> => {
    results = new TriggerResults(db);
    triggers = new Triggers(db, results, { ingress, flows: samples.directory, clock: systemClock, settings: { contactBytesMax: 300 } });
    bus = createEmbeddedBus([topic], silentLog);
    stop = await consumeTriggers(bus, triggers);
  };
  beforeEach(async () => {
    await db.query('truncate source_position, dead_letter, trigger_result, claim, seen, command, batch');
    await db.query('update trigger_head set next = 0');
    topic = new MemoryTopic('atelier.triggers', 'foreign');
    await consuming();
  });
  afterEach(async () => {
    await stop();
    await bus.close();
  });

  const record = (key: string, to: string, more: object = {}) => ({
    id: key, source: 'tests', type: 'atelier.trigger.v1', time: '2026-01-31T12:00:00Z',
    data: { account_sid: samples.account, flow_sid: samples.flows.plain, to, from: ADDRESS, idempotency_key: key, ...more },
  });
  const answered = (count: number): Promise<readonly PublicEvent[]> =>
    eventually('answered', async () => {
      const found = await results.source.read(0, 0, 100);
      return found.length >= count && found;
    });

  it('has its result on atelier.triggers.results, under its own key, and the same execution when it is repeated', async () => {
    topic.append(0, [record('k1', '+1'), record('k2', '+1'), record('k1', '+1')]);
    const found = await answered(3);
    expect(found.map(({ pos, subject, data }) => [pos, subject, data['idempotency_key'], data['status']])).toEqual([
      [1, `${samples.account}|${samples.flows.plain}|+1`, 'k1', 'started'],
      [2, `${samples.account}|${samples.flows.plain}|+1`, 'k2', 'conflict'],
      [3, `${samples.account}|${samples.flows.plain}|+1`, 'k1', 'duplicate'],
    ]);
    expect(found[2]?.data['execution_sid']).toBe(found[0]?.data['execution_sid']);
    expect(found[1]?.data['conflicting_execution_sid']).toBe(found[0]?.data['execution_sid']);
    expect(await results.source.end(0)).toBe(3);
  });

  it('that cannot be read is a dead letter with its reason, and rejected; the next one is taken', async () => {
    topic.append(0, [record('k1', '+1', { to: undefined }), record('k2', '+2')]);
    expect((await answered(2)).map(({ data }) => [data['idempotency_key'], data['status']])).toEqual([['k1', 'rejected'], ['k2', 'started']]);
    expect(await db.query('select consumer, log, pos, reason from dead_letter')).toEqual([{ consumer: 'triggers', log: 'foreign', pos: '1', reason: expect.stringContaining('data.to') }]);
  });

  it('read again after a crash is answered again, and starts nothing', async () => {
    topic.append(0, [record('k1', '+1')]);
    await answered(1);
    await bus.close();
    await stop();
    await db.query('update source_position set pos = 0');
    await consuming();
    expect((await answered(2)).map(({ data }) => data['status'])).toEqual(['started', 'duplicate']);
    expect(await db.query('select from command')).toHaveLength(1);
  });

  it('leaves the moment until which its topic was read, which never moves back', async () => {
    const { readTimes } = triggers.group;
    expect(await readTimes?.of('foreign', 3)).toBe(0);
    await readTimes?.passed('foreign', 3, 1_790_000_000_000);
    await readTimes?.passed('foreign', 3, 1_780_000_000_000);
    expect(await readTimes?.of('foreign', 3)).toBe(1_790_000_000_000);
    expect(await triggers.group.position('foreign', 3)).toBe(0); // a position beside the other
  });

  it('delivered to two consumers is answered once: the position decides', async () => {
    topic.append(0, [record('k1', '+1')]);
    await answered(1);
    const messages = await topic.read(0, 0, 1);
    await triggers.handle({ topic: 'atelier.triggers', log: 'foreign', shard: 0, messages });
    await expect(results.append([], { log: 'foreign', shard: 0, first: 1, last: 1 })).rejects.toMatchObject({ name: 'Fault' });
    expect(await results.source.end(0)).toBe(1);
  });

  it('of an account that has too much waiting is deferred, without a failure, and taken later; it is not refused', async () => {
    await bus.close();
    await stop();
    const narrow = createIngress(db, { backlogPerAccountMax: 1 });
    await consuming(narrow);
    topic.append(0, [record('k1', '+1'), record('k2', '+2')]);
    await eventually('it waits', async () => (await db.query('select from deferred_trigger')).length === 1);
    expect(await results.source.end(0)).toBe(1);
    expect((await bus.lag())[0]).toMatchObject({ events: 0, failures: 0 });
    const worker = await samples.start();
    expect((await answered(2)).map(({ data }) => [data['idempotency_key'], data['status']])).toEqual([['k1', 'started'], ['k2', 'started']]);
    expect(await db.query('select from deferred_trigger')).toEqual([]);
    await worker.stop();
    await stop();
    await narrow.close();
  });
});
