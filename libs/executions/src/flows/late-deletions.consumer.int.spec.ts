import { type Bus, MemoryTopic, createEmbeddedBus } from '@atelier/bus';
import { type Database, newSid, silentLog } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE } from '../store/migrations';
import { FlowDeletions, consumeFlows } from './flow-deletions.consumer';
import { LateDeletions, consumeLateDeletions } from './late-deletions.consumer';

describe('what a door let in while its flow was being deleted', () => {
  let db: Database;
  let samples: SampleExecutions;
  let topic: MemoryTopic;
  let bus: Bus;
  const time = { ms: Date.parse('2026-01-31T12:00:00Z'), nowMs: () => time.ms };
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db);
  }, 90_000);
  afterAll(() => samples.close());
  beforeEach(async () => {
    await db.query('truncate source_position, dead_letter');
    topic = new MemoryTopic('atelier.flows.events', 'flows');
    bus = createEmbeddedBus([topic], silentLog, { retryMs: 1 });
  });
  afterEach(() => bus.close());

  const event = (flow: string, at = '2026-01-31T12:00:00Z') => ({ id: newSid('AE'), source: 'flows', type: 'flow.deleted', time: at, data: { account_sid: samples.account, flow_sid: flow } });

  it('ends with the second look, which comes once no answer about the flow can be remembered any more', async () => {
    const worker = await samples.start();
    const deletions = new FlowDeletions(db, samples.ingress, samples.reader);
    await consumeFlows(bus, deletions);
    topic.append(0, [event(samples.flows.ask)]);
    await eventually('the first look', async () => (await deletions.group.position('flows', 0)) === 1);
    const late = await samples.created('ask'); // the door remembers the flow
    await worker.idle();
    expect(await samples.view('ask', late)).toMatchObject({ status: 'active' });
    time.ms += 6_000;
    await consumeLateDeletions(bus, new LateDeletions(db, deletions, time));
    await eventually('its end', async () => {
      await worker.idle();
      return (await samples.view('ask', late))?.status === 'ended';
    });
    await worker.stop();
  });

  it('waits no longer than it must to stop; the next process looks', async () => {
    const looked: string[] = [];
    const looking = { endAll: async ({ data }: { data: Record<string, unknown> }) => void looked.push(String(data['flow_sid'])) };
    const first = new LateDeletions(db, looking, { nowMs: () => Date.parse('2026-01-31T12:00:00Z') });
    const stop = await consumeLateDeletions(bus, first);
    topic.append(0, [event(samples.flows.ask)]);
    const began = performance.now();
    await stop();
    expect([performance.now() - began < 5_000, looked]).toEqual([true, []]);
    const second = new LateDeletions(db, looking, { nowMs: () => Date.parse('2026-01-31T12:00:06Z') });
    await consumeLateDeletions(bus, second);
    await eventually('the look', () => looked.length === 1);
  });

  it('waits once for all deletions that it reads together, also where the clock of their owner is an hour ahead', async () => {
    const looked: number[] = [];
    const late = new LateDeletions(db, { endAll: async () => void looked.push(performance.now()) }, { nowMs: () => Date.parse('2026-01-31T12:00:00Z') });
    topic.append(0, Array.from({ length: 30 }, () => event(samples.flows.ask, '2026-01-31T13:00:00Z')));
    const began = performance.now();
    await late.handle({ topic: 'atelier.flows.events', log: 'flows', shard: 0, messages: await topic.read(0, 0, 100) });
    expect([looked.length, looked[0]! - began >= 5_900, performance.now() - began < 12_000]).toEqual([30, true, true]);
    expect(await late.group.position('flows', 0)).toBe(30);
  });

  it('passes what the first look has put aside', async () => {
    const late = new LateDeletions(db, new FlowDeletions(db, samples.ingress, samples.reader), { nowMs: () => Date.parse('2026-01-31T13:00:00Z') });
    await consumeLateDeletions(bus, late);
    topic.append(0, [event('no flow')]);
    await eventually('passed', async () => (await late.group.position('flows', 0)) === 1);
    expect(await db.query('select 1 from dead_letter')).toEqual([]);
  });
});
