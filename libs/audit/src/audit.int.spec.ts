import { createEmbeddedBus } from '@atelier/bus';
import { type PublicEvent, operatorMeta } from '@atelier/contracts';
import { type Database, silentLog } from '@atelier/platform';
import { CREDENTIAL_CHECK, type CredentialCheck, createHttpApp, listen } from '@atelier/rest-kit';
import { eventually, testDatabase } from '@atelier/testing';
import { Module } from '@nestjs/common';
import twilio from 'twilio';
import { consumeAudited } from './audit.consumer';
import { AuditModule } from './audit.module';
import { AuditStore } from './audit-store';
import { AUDIT_MIGRATIONS } from './migrations';
import { recordOf } from './records';

const ACCOUNT = `AC${'a'.repeat(32)}` as const;
const STRANGER = `AC${'b'.repeat(32)}` as const;
const FLOW = `FW${'1'.repeat(32)}`;
const credentials: CredentialCheck = {
  check: async (user) => (user === ACCOUNT || user === STRANGER ? { accountSid: user, kind: 'auth-token', credentialSid: null } : undefined),
};

const event = (pos: number, more: Partial<PublicEvent> = {}): PublicEvent => ({
  specversion: '1.0',
  id: `fact-${pos}`,
  source: `/accounts/${ACCOUNT}`,
  type: 'flow.updated',
  subject: FLOW,
  time: new Date(Date.UTC(2026, 0, 31, 12, 0, Math.floor(pos / 100))).toISOString(),
  datacontenttype: 'application/json',
  log: 'flows',
  shard: 0,
  pos,
  meta: { ...operatorMeta(ACCOUNT, 'us1'), actorType: 'account', actorSid: ACCOUNT, source: 'api', sourceIp: '10.1.2.3' },
  data: { resource_properties: { revision: { previous: pos - 1, updated: pos } } },
  ...more,
});

describe('audit records', () => {
  let db: Database;
  let store: AuditStore;
  let client: twilio.Twilio;
  let stranger: twilio.Twilio;
  let close: () => Promise<void>;
  beforeAll(async () => {
    db = await testDatabase({ schema: 'audit', migrations: AUDIT_MIGRATIONS });
    store = new AuditStore(db);
    @Module({ imports: [AuditModule.with({ store })], providers: [{ provide: CREDENTIAL_CHECK, useValue: credentials }] })
    class SampleApp {}
    const app = await createHttpApp(SampleApp, { region: 'us1', trustedProxies: [], bodyBytesMax: 1_000_000, log: silentLog });
    const url = await listen(app, { host: '127.0.0.1', port: 0 });
    [client, stranger] = [ACCOUNT, STRANGER].map((sid) => twilio(sid, 'x'.repeat(32))) as [twilio.Twilio, twilio.Twilio];
    client.monitor.baseUrl = url;
    stranger.monitor.baseUrl = url;
    close = () => app.close();
  }, 90_000);
  afterAll(async () => {
    await close();
    await db.close();
  });

  const deliver = async (from: number, to: number): Promise<void> => {
    const events = Array.from({ length: to - from + 1 }, (_, i) => event(from + i));
    await store.append('flows', 0, to, events.flatMap((e) => { const record = recordOf(e); return record ? [{ ...record, pos: e.pos }] : []; }));
  };

  it('are numbered without a gap and stored once under competing and repeated deliveries', async () => {
    await store.position('flows', 0);
    await deliver(1, 500);
    await Promise.all([deliver(501, 1_500), deliver(501, 1_500), deliver(1_001, 1_500)].map((d) => d.catch(() => undefined)));
    await deliver(1_501, 2_500);
    await deliver(2_001, 2_500);
    const [row] = await db.query<{ records: string; last: string }>('select count(*) records, max(seq) last from audit_record');
    expect(row).toEqual({ records: '2500', last: '2500' });
    expect(await store.position('flows', 0)).toBe(2_500);
  });

  it('are listed newest first over pages, none missing and none twice, while more are written', async () => {
    const writing = deliver(2_501, 2_600);
    const events = await client.monitor.v1.events.list({ pageSize: 1_000 });
    await writing;
    const sids = new Set(events.map(({ sid }) => sid));
    expect(sids.size).toBe(events.length);
    expect(events.length).toBeGreaterThanOrEqual(2_500);
    const dates = events.map(({ eventDate }) => eventDate.getTime());
    expect(dates).toEqual([...dates].sort((a, b) => b - a));
  });

  it('show who, what, from where', async () => {
    const [newest] = await client.monitor.v1.events.list({ limit: 1 });
    expect(newest).toMatchObject({ eventType: 'flow.updated', resourceType: 'flow', resourceSid: FLOW, actorType: 'account', actorSid: ACCOUNT, source: 'api', sourceIpAddress: '10.1.2.3' });
    const fetched = await client.monitor.v1.events(newest?.sid ?? '').fetch();
    expect([fetched.sid, fetched.eventData]).toEqual([newest?.sid, newest?.eventData]);
  });

  it.each([
    [{ actorSid: ACCOUNT }, 5],
    [{ eventType: 'flow.updated' }, 5],
    [{ eventType: 'flow.created' }, 0],
    [{ resourceSid: FLOW }, 5],
    [{ sourceIpAddress: '10.9.9.9' }, 0],
    [{ startDate: new Date(Date.UTC(2026, 0, 31, 13)) }, 0],
    [{ endDate: new Date(Date.UTC(2026, 0, 31, 12, 0, 0)), resourceSid: FLOW }, 5],
    [{ endDate: new Date(Date.UTC(2026, 0, 31, 11, 59, 59)) }, 0],
  ])('can be narrowed by %j', async (filter, expected) => expect(await client.monitor.v1.events.list({ ...filter, limit: 5 })).toHaveLength(expected));

  it('take one filter at the most', () =>
    expect(client.monitor.v1.events.list({ eventType: 'flow.updated', resourceSid: FLOW, limit: 1 })).rejects.toMatchObject({ status: 400, code: 20001 }));

  it('belong to their account', async () => {
    const [mine] = await client.monitor.v1.events.list({ limit: 1 });
    expect(await stranger.monitor.v1.events.list({ limit: 1 })).toEqual([]);
    await expect(stranger.monitor.v1.events(mine?.sid ?? '').fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
    await expect(client.monitor.v1.events(`AE${'0'.repeat(32)}`).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
  });

  it('come from the topic, and what is not audited only moves the position', async () => {
    const events = [event(1, { id: 'other-1' }), event(2, { id: 'other-2', type: 'com.twilio.studio.flow.step.ended' }), event(3, { id: 'other-3' })];
    const source = { topic: 'atelier.flows.events', log: 'other', shards: 1, read: async (_: number, after: number) => events.slice(after), end: async () => 3, onAppend: () => () => undefined } as const;
    const bus = createEmbeddedBus([source], silentLog);
    const before = await count();
    await consumeAudited(bus, store, ['atelier.flows.events']);
    await eventually('the whole log is read', async () => (await store.position('other', 0)) === 3);
    await bus.close();
    expect((await count()) - before).toBe(2);
  });

  const count = async (): Promise<number> => Number((await db.query<{ n: string }>('select count(*) n from audit_record'))[0]?.n);
});
