import { type PublicEvent, publicEvent } from '@atelier/contracts';
import { type Batch, createEmbeddedBus, topicSourceContract } from '@atelier/bus';
import { type Database, silentLog } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { AuditStore } from './audit-store';
import { consumeAudited } from './audit.consumer';
import { AC, OTHER, change, nth, topicOf } from './events.example';
import { AUDIT_MIGRATIONS } from './migrations';

type Stored = { account: string; seq: number; pos: number; sid: string; event_type: string; at: Date; body: string };

const databases: Database[] = [];
const opened = async (): Promise<Database> => {
  const database = await testDatabase({ schema: 'audit', migrations: AUDIT_MIGRATIONS });
  databases.push(database);
  return database;
};
afterAll(() => Promise.all(databases.map((database) => database.close())));

const recordsIn = (database: Database) =>
  database.query<Stored>('select account, seq::int, pos::int, sid, event_type, at, body from audit_record order by account, seq');
const batchOf = (messages: readonly PublicEvent[]): Batch => ({ topic: 'atelier.flows.events', log: messages[0]?.log ?? 'flows', shard: 0, messages });
const numbers = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe('storing a batch', () => {
  let database: Database;
  let store: AuditStore;
  beforeEach(async () => {
    database = await opened();
    store = new AuditStore(database);
    await store.position('flows', 0);
  });

  it('numbers the records of each account from 1, in the order of the events', async () => {
    const events = topicOf().append(0, numbers(6).map((n) => change({ subject: nth('FW', n), meta: n % 3 === 0 ? { accountSid: OTHER } : {} })));
    await store.append(batchOf(events));
    const records = await recordsIn(database);
    expect(records.filter(({ account }) => account === AC).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(records.filter(({ account }) => account === OTHER).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('again changes nothing, whole or in part', async () => {
    const topic = topicOf();
    const events = [...topic.append(0, numbers(4).map(() => change()))];
    await store.append(batchOf(events.slice(0, 3)));
    await store.append(batchOf(events.slice(1, 3)));
    await store.append(batchOf(events));
    expect((await recordsIn(database)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(await store.position('flows', 0)).toBe(4);
  });

  it('moves on over events that are not audited', async () => {
    await store.append(batchOf(topicOf().append(0, [change({ type: 'flow.validated' })])));
    expect(await store.position('flows', 0)).toBe(1);
    expect(await recordsIn(database)).toEqual([]);
  });

  it('of a newer version is recorded with what is known of it; types that nobody knows yet are passed', async () => {
    const known = change();
    const [, plain] = topicOf().append(0, [known, known]);
    const newer = topicOf().append(0, [change({ type: 'flow.archived' }), { ...known, meta: { ...known.meta, tenant: 'x' }, data: { ...known.data, labels: ['a'] } }]);
    await store.append(batchOf(newer));
    expect(await store.position('flows', 0)).toBe(2);
    const [record] = await recordsIn(database);
    const other = new AuditStore(await opened());
    await other.position('flows', 0);
    await other.append(batchOf([{ ...plain!, pos: 1 }]));
    expect([record?.event_type, record?.body]).toEqual([known.type, (await recordsIn(databases.at(-1)!))[0]?.body]);
  });

  it('is refused behind a gap, and writes nothing', async () => {
    const events = topicOf().append(0, numbers(5).map(() => change()));
    await store.append(batchOf(events.slice(0, 2)));
    await expect(store.append(batchOf(events.slice(3)))).rejects.toMatchObject({ name: 'Fault' });
    expect(await recordsIn(database)).toHaveLength(2);
    expect(await store.position('flows', 0)).toBe(2);
  });

  it('keeps text that JSON can carry and PostgreSQL’s own types cannot', async () => {
    const strange = 'a\u0000b\ud800';
    await store.append(batchOf(topicOf().append(0, [change({ data: { resource_properties: { friendly_name: { previous: null, updated: strange } } } })])));
    const [record] = await recordsIn(database);
    expect(JSON.parse(record?.body ?? '')).toMatchObject({ properties: { friendly_name: { updated: strange } } });
  });
});

describe('competing consumers', () => {
  it('that repeat themselves leave no gap and no double, per account and on the topic', async () => {
    const database = await opened();
    const sources = ['flows', 'credentials'].map((log) => topicOf('atelier.flows.events', log));
    const perSource = 400;
    for (const source of sources) source.append(0, numbers(perSource).map((n) => change({ meta: { accountSid: nth('AC', n % 5) } })));
    const consume = async (batchEventsMax: number): Promise<void> => {
      const store = new AuditStore(database);
      for (const source of sources)
        for (let at = await store.position(source.log, 0); at < perSource; at = await store.position(source.log, 0)) {
          const batch = batchOf(await source.read(0, Math.max(0, at - 3), batchEventsMax)); // three of them again
          await store.append(batch);
        }
    };
    await Promise.all([7, 11, 13, 5].map(consume));
    const records = await recordsIn(database);
    expect(records).toHaveLength(2 * perSource);
    for (const account of new Set(records.map((each) => each.account))) {
      const own = records.filter((each) => each.account === account);
      expect(own.map(({ seq }) => seq)).toEqual(numbers(own.length));
    }
    expect(records.map(({ pos }) => pos).sort((a, b) => a - b)).toEqual(numbers(2 * perSource));
  });
});

describe('reading the logs', () => {
  it('makes the same records when it is done anew', async () => {
    const sources = [topicOf(), topicOf('atelier.credentials.events', 'credentials')];
    for (const source of sources) source.append(0, numbers(50).map((n) => change({ time: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString() })));
    const rebuilt = async (): Promise<Stored[]> => {
      const database = await opened();
      const bus = createEmbeddedBus(sources, silentLog, { batchEventsMax: 9 });
      await consumeAudited(bus, new AuditStore(database));
      await eventually('all records', async () => (await recordsIn(database)).length === 100);
      await bus.close();
      return (await recordsIn(database)).sort((a, b) => a.sid.localeCompare(b.sid));
    };
    const facts = ({ sid, account, event_type, at, body }: Stored) => ({ sid, account, event_type, at, body }); // numbers follow the order of arrival
    expect((await rebuilt()).map(facts)).toEqual((await rebuilt()).map(facts));
  });

  it('puts what it cannot read aside with the reason, and goes on', async () => {
    const database = await opened();
    const source = topicOf();
    source.append(0, [change(), change({ subject: 'nothing' }), change()]);
    const bus = createEmbeddedBus([source, topicOf('atelier.credentials.events', 'credentials')], silentLog, { retryMs: 1 });
    await consumeAudited(bus, new AuditStore(database));
    await eventually('both records', async () => (await recordsIn(database)).length === 2);
    expect(await database.query('select log, shard, pos::int, reason from dead_letter')).toEqual([
      { log: 'flows', shard: 0, pos: 2, reason: expect.stringContaining('subject') as string },
    ]);
    await bus.close();
  });
});

describe('the public topic', () => {
  topicSourceContract('atelier.audit.events', async () => {
    const store = new AuditStore(await opened());
    const source = topicOf();
    await store.position('flows', 0);
    return { source: store.topic, append: async () => store.append(batchOf(source.append(0, [change()]))) };
  });

  it('carries the record with who authenticated, its number, and no address of this service', async () => {
    const store = new AuditStore(await opened());
    await store.position('flows', 0);
    const events = topicOf().append(0, [change(), change({ meta: { credentialSid: null } }), change({ meta: { source: 'twilio', credentialSid: null, sourceIp: null } })]);
    await store.append(batchOf(events));
    const published = await store.topic.read(0, 0, 10);
    expect(published.map(({ authtype }) => authtype)).toEqual(['api_key', 'service_account', 'system']);
    expect(publicEvent.parse(published[0])).toMatchObject({
      type: 'atelier.audit.flow.updated.v1',
      source: `/accounts/${AC}`,
      sequence: '0000000000000000001',
      partitionkey: AC,
      data: { event_type: 'flow.updated', resource_type: 'flow', event_data: { context: { seq: 1 } } },
    });
    expect(JSON.stringify(published)).not.toContain('http');
  });
});
