import { createEmbeddedBus, MemoryTopic } from '@atelier/bus';
import type { ExecutionSid } from '@atelier/contracts';
import { type Database, newSid, silentLog } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { FlowDeletions, consumeFlows } from '../flows/flow-deletions.consumer';
import { executionEvents } from '../publish/execution-events';
import { Growth } from '../publish/growth';
import { SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE } from '../store/migrations';
import type { ExecutionWorker } from './worker';

// Two versions side by side, as while services are replaced one after the other: what a newer one adds is passed over, what it changes is refused whole.
describe('a worker beside a newer one', () => {
  let db: Database;
  let samples: SampleExecutions;
  let worker: ExecutionWorker;
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db);
  }, 90_000);
  beforeEach(async () => {
    await db.query('truncate parked');
    worker = await samples.start();
  });
  afterEach(() => worker.stop());
  afterAll(() => samples.close());

  const parked = async () => (await db.query<{ reason: string }>('select reason from parked order by id')).map(({ reason }) => reason);
  /** An execution that waits for an answer, written by a newer version while no worker of this one had it in memory. */
  const rewritten = async (change: (body: string) => string, format = 1): Promise<{ contact: string; sid: ExecutionSid }> => {
    const contact = samples.contact();
    const sid = await samples.created('ask', contact);
    await worker.idle();
    await worker.stop();
    const [row] = await db.query<{ version: number; body: string }>('select version, body from sprint where execution = $1 order by version limit 1', [sid.slice(2)]);
    await db.query('update sprint set body = $2, engine = $3 where execution = $1 and version = $4', [sid.slice(2), change(row!.body), format, row!.version]);
    worker = await samples.start();
    return { contact, sid };
  };

  it('decides inputs with fields that it does not know', async () => {
    await worker.stop();
    const later = await samples.created('plain');
    await db.query(`update command set body = $2 where execution = $1`, [later.slice(2), JSON.stringify({ ...(await bodyOf(later)), priority: 'high', start: { ...(await bodyOf(later)).start, locale: 'de' } })]);
    worker = await samples.start();
    await eventually('its end', async () => (await samples.view('plain', later))?.status === 'ended');
  });
  const bodyOf = async (sid: ExecutionSid): Promise<{ start: object }> => JSON.parse((await db.query<{ body: string }>('select body from command where execution = $1', [sid.slice(2)]))[0]!.body) as { start: object };

  it('goes on with executions whose events carry fields that it does not know, snapshots included', async () => {
    const { contact, sid } = await rewritten((body) => JSON.stringify((JSON.parse(body) as object[]).map((event) => ({ ...event, region: 'de1', trace: { id: 1 } }))));
    await samples.ingress.message(samples.messageOf('ask', contact, 'me'));
    await eventually('its end', async () => (await samples.view('ask', sid))?.status === 'ended');
    expect(await samples.steps('ask', sid)).toEqual(['incomingRequest', 'incomingMessage', 'sent']);
  });

  it.each([
    ['an event that it does not know', (body: string) => body.replace('"ExecutionStarted"', '"ExecutionStartedV2"'), 1, /found ExecutionStartedV2: a newer one wrote it/],
    ['a newer format', (body: string) => body, 2, /it is written in format 2, and this version reads up to 1/],
    ['a log that is damaged', (body: string) => body.slice(0, -5), 1, /JSON/],
  ])('parks what is for an execution with %s, says why, and holds up nobody', async (_, change, format, reason) => {
    const { contact, sid } = await rewritten(change, format);
    const before = await db.query('select status, updated_at from execution where sid = $1', [sid.slice(2)]);
    await samples.ingress.message(samples.messageOf('ask', contact, 'me'));
    const others = await Promise.all(Array.from({ length: 20 }, () => samples.created('plain')));
    for (const other of others) await eventually('the end of another', async () => (await samples.view('plain', other))?.status === 'ended');
    await eventually('its reason', async () => (await parked()).length === 1);
    expect(await parked()).toEqual([expect.stringMatching(reason)]);
    expect(await db.query('select status, updated_at from execution where sid = $1', [sid.slice(2)])).toEqual(before);
    expect(await samples.db.query('select from execution where contact = $1', [contact])).toHaveLength(1); // and starts nothing beside it
    await db.query('delete from sprint where execution = $1', [sid.slice(2)]);
    await db.query('delete from execution where sid = $1', [sid.slice(2)]);
  });

  it('does not publish half of what it cannot read', async () => {
    const { sid } = await rewritten((body) => body.replace('"ExecutionStarted"', '"ExecutionStartedV2"'));
    const [{ shard }] = (await db.query<{ shard: number }>('select shard from execution where sid = $1', [sid.slice(2)])) as [{ shard: number }];
    await expect(executionEvents(db, new Growth()).read(shard, 0, 1_000)).rejects.toMatchObject({ name: 'Defect', message: expect.stringContaining('ExecutionStartedV2') as string });
    await db.query('delete from sprint where execution = $1', [sid.slice(2)]);
  });

  it('reads the topics of newer services: events that it does not know are passed, fields are ignored', async () => {
    const topic = new MemoryTopic('atelier.flows.events', 'flows');
    const bus = createEmbeddedBus([topic], silentLog);
    const deletions = new FlowDeletions(db, samples.ingress, samples.reader);
    await consumeFlows(bus, deletions);
    const sid = await samples.created('redirect');
    const data = { account_sid: samples.account, flow_sid: samples.flows.redirect, archived: true };
    const event = (type: string) => ({ id: newSid('AE'), source: 'flows', type, time: '2026-01-31T12:00:00Z', traceparent: '00-1', data });
    topic.append(0, [event('flow.archived'), event('flow.deleted')]);
    await eventually('its end', async () => (await samples.view('redirect', sid))?.endedReason === 'DELETED');
    await eventually('both are passed', async () => (await deletions.group.position('flows', 0)) === 2);
    expect(await db.query('select from dead_letter')).toEqual([]);
    await bus.close();
  });
});
