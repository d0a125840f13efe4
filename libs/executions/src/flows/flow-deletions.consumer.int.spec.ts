import { type Bus, MemoryTopic, createEmbeddedBus } from '@atelier/bus';
import { type Database, newSid, silentLog } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE } from '../store/migrations';
import type { ExecutionWorker } from '../worker/worker';
import { FlowDeletions, consumeFlows } from './flow-deletions.consumer';

describe('a deleted flow', () => {
  let db: Database;
  let samples: SampleExecutions;
  let worker: ExecutionWorker;
  let topic: MemoryTopic;
  let bus: Bus;
  let deletions: FlowDeletions;
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db);
    worker = await samples.start();
    deletions = new FlowDeletions(db, samples.ingress, samples.reader);
  }, 90_000);
  afterAll(() => samples.close());
  beforeEach(async () => {
    await db.query('truncate source_position, dead_letter');
    topic = new MemoryTopic('atelier.flows.events', 'flows');
    bus = createEmbeddedBus([topic], silentLog);
    await consumeFlows(bus, deletions);
  });
  afterEach(() => bus.close());

  const event = (type: string, flow: string, account: string = samples.account) => ({
    id: newSid('AE'), source: 'flows', type, time: '2026-01-31T12:00:00Z', data: { account_sid: account, flow_sid: flow },
  });
  const passed = (pos: number) => eventually('passed', async () => (await deletions.group.position('flows', 0)) === pos);

  it('takes its active executions with it, started or not, and no others', async () => {
    const running = await Promise.all(Array.from({ length: 5 }, () => samples.created('ask')));
    const other = await samples.created('redirect');
    await worker.idle();
    await worker.stop();
    const pending = await samples.created('ask');
    topic.append(0, [event('flow.updated', samples.flows.redirect), event('flow.deleted', samples.flows.ask), event('flow.deleted', samples.flows.redirect, newSid('AC'))]);
    await passed(3);
    worker = await samples.start();
    await worker.idle();
    for (const sid of [...running, pending]) expect(await samples.view('ask', sid)).toMatchObject({ status: 'ended', endedReason: 'DELETED' });
    expect(await samples.view('redirect', other)).toMatchObject({ status: 'active' });
  });

  it('said again ends nothing twice', async () => {
    topic.append(0, [event('flow.deleted', samples.flows.ask)]);
    await passed(1);
    const commands = await db.query('select shard, pos from command');
    await deletions.handle({ topic: 'atelier.flows.events', log: 'flows', shard: 0, messages: await topic.read(0, 0, 10) });
    expect(await db.query('select shard, pos from command')).toEqual(commands);
  });

  it('behind a gap is not acted upon: the bus reads again from where it was (A3)', async () => {
    topic.append(0, [event('flow.updated', samples.flows.ask)]);
    await passed(1);
    await bus.close();
    topic.append(0, [event('flow.updated', samples.flows.ask), event('flow.deleted', samples.flows.plain)]);
    const [, , third] = await topic.read(0, 0, 10);
    await expect(deletions.handle({ topic: 'atelier.flows.events', log: 'flows', shard: 0, messages: [third!] })).rejects.toMatchObject({ name: 'Fault' });
  });

  it('that nobody can read is put aside, and the log goes on', async () => {
    topic.append(0, [event('flow.deleted', 'no flow'), event('flow.updated', samples.flows.ask)]);
    await passed(2);
    expect(await db.query('select consumer, log, pos from dead_letter')).toEqual([{ consumer: 'executions', log: 'flows', pos: '1' }]);
  });
});
