import { type Bus, MemoryTopic, createEmbeddedBus } from '@atelier/bus';
import type { AccountSid, PublicEvent } from '@atelier/contracts';
import { type Database, newSid, silentLog, systemClock } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { createIngress } from '../ingress/ingress';
import type { Ingress } from '../ingress/ingress.port';
import { TriggerResults } from '../publish/trigger-results';
import { ADDRESS, SampleExecutions } from '../samples/sample-executions';
import { EXECUTIONS_DATABASE } from '../store/migrations';
import { Triggers, consumeTriggers } from './triggers.consumer';

const ROOM = 20;
const MANY = 400;

type Door = { readonly ingress: Ingress; readonly bus: Bus; stop(): Promise<void> };

// Back-pressure and fairness are admission: what is too much for now waits in its order, and holds up nobody else.
describe('trigger records above the cap of their account', () => {
  let db: Database;
  let samples: SampleExecutions;
  let topic: MemoryTopic;
  const results: TriggerResults[] = [];
  const [loud, quiet]: readonly AccountSid[] = [newSid('AC'), newSid('AC')];
  beforeAll(async () => {
    db = await testDatabase(EXECUTIONS_DATABASE);
    samples = new SampleExecutions(db);
  }, 90_000);
  afterAll(() => samples.close());
  beforeEach(async () => {
    await db.query('truncate source_position, dead_letter, trigger_result, deferred_trigger, claim, seen, command, batch, execution, sprint');
    await db.query('update trigger_head set next = 0');
    await db.query('update command_head set next = 0');
    topic = new MemoryTopic('atelier.triggers', 'foreign', 2);
  });

  const door = async (ingress = createIngress(db, { triggersPerAccountMax: ROOM })): Promise<Door> => {
    const mine = new TriggerResults(db);
    results.push(mine);
    const triggers = new Triggers(db, mine, { ingress, flows: samples.directory, clock: systemClock, settings: { contactBytesMax: 300 } });
    const bus = createEmbeddedBus([topic], silentLog);
    const stop = await consumeTriggers(bus, triggers);
    return {
      ingress, bus,
      stop: async () => {
        await stop();
        await bus.close();
        await ingress.close();
      },
    };
  };
  let contacts = 0;
  const record = (account: AccountSid | undefined, key: string, to = `+1557${String(++contacts).padStart(7, '0')}`) => ({
    id: key, source: 'tests', type: 'atelier.trigger.v1', time: '2026-01-31T12:00:00Z',
    data: { account_sid: account, flow_sid: samples.flows.plain, to, from: ADDRESS, idempotency_key: key },
  });
  const flood = (count: number, shard = 0): void => void topic.append(shard, Array.from({ length: count }, (_, i) => record(loud, `loud-${shard}-${i}`)));
  const answers = (): Promise<readonly PublicEvent[]> => new TriggerResults(db).source.read(0, 0, 10_000);
  const answered = (count: number): Promise<readonly PublicEvent[]> =>
    eventually('answered', async () => {
      const found = await answers();
      return found.length >= count && found;
    }, 60_000);
  const keys = (events: readonly PublicEvent[]): unknown[] => events.map(({ data }) => data['idempotency_key']);
  const executions = async (): Promise<number> => (await db.query('select from execution')).length;

  it('wait, while another account’s record in the same shard is entered at once', async () => {
    const one = await door();
    flood(MANY);
    topic.append(0, [record(quiet, 'quiet')]);
    expect(keys(await answered(ROOM + 1))).toContain('quiet'); // no owner runs: the flood stands where its room ends
    expect(await answers()).toHaveLength(ROOM + 1);
    expect((await one.bus.lag()).map(({ events, failures }) => [events, failures])).toEqual([[0, 0], [0, 0]]);
    await one.stop();
  });

  it('are all entered once, in the order of their account, one result each', async () => {
    const one = await door();
    const worker = await samples.start();
    flood(MANY);
    const found = await answered(MANY);
    await worker.idle();
    expect(keys(found)).toEqual(Array.from({ length: MANY }, (_, i) => `loud-0-${i}`));
    expect(new Set(found.map(({ data }) => data['status']))).toEqual(new Set(['started']));
    expect(await executions()).toBe(MANY);
    expect(await db.query('select from deferred_trigger')).toEqual([]);
    await worker.stop();
    await one.stop();
  }, 90_000);

  it('take turns with those of other accounts', async () => {
    const one = await door();
    const others = Array.from({ length: 3 }, () => newSid('AC'));
    flood(MANY);
    topic.append(1, others.flatMap((account, n) => Array.from({ length: 30 }, (_, i) => record(account, `other-${n}-${i}`))));
    await eventually('deferred', async () => (await db.query('select from deferred_trigger')).length === MANY - ROOM + 3 * (30 - ROOM));
    const worker = await samples.start();
    const places = keys(await answered(MANY + 90)).map(String);
    for (const n of [0, 1, 2]) expect(places.lastIndexOf(`other-${n}-29`)).toBeLessThan(MANY / 2); // first come, first served would have them last
    await worker.stop();
    await one.stop();
  }, 90_000);

  it('behind a record that waits are not entered before it, even when there is room again', async () => {
    const one = await door();
    flood(ROOM + 1);
    await eventually('one waits', async () => (await db.query('select from deferred_trigger')).length === 1);
    await one.stop();
    const two = await door(crowded as Ingress); // nothing else of it is asked
    topic.append(1, [record(loud, 'later')]);
    await eventually('it waits too', async () => (await db.query('select from deferred_trigger')).length === 2);
    await two.stop();
    const three = await door(createIngress(db, { triggersPerAccountMax: 1_000 }));
    expect(keys(await answered(ROOM + 2)).slice(-2)).toEqual([`loud-0-${ROOM}`, 'later']);
    await three.stop();
  }, 60_000);
  const crowded: Partial<Ingress> = { room: { take: () => 0, giveBack: () => undefined }, close: async () => undefined };

  it('survive doors that come and go: two at once, each stopped and started again, lose and double nothing', async () => {
    let doors = [await door(), await door()];
    const worker = await samples.start();
    flood(MANY);
    flood(MANY, 1);
    for (let i = 0; i < 3; i++) {
      await eventually('some more', async () => (await answers()).length > i * 100, 60_000);
      await Promise.all(doors.map((each) => each.stop()));
      doors = [await door(), await door()];
    }
    await eventually('all', async () => new Set(keys(await answers())).size === 2 * MANY, 90_000);
    await worker.idle();
    expect(await executions()).toBe(2 * MANY);
    const outcomes = await answers();
    expect(new Set(outcomes.map(({ data }) => data['status'])).size).toBeLessThanOrEqual(2); // started, and perhaps duplicate
    expect(outcomes.filter(({ data }) => data['status'] === 'conflict' || data['status'] === 'rejected')).toEqual([]);
    await worker.stop();
    await Promise.all(doors.map((each) => each.stop()));
  }, 180_000);
});
