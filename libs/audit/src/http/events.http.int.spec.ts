import 'reflect-metadata';
import type { Database } from '@atelier/platform';
import { eventually, officialClient, testDatabase } from '@atelier/testing';
import type { Twilio } from 'twilio';
import { AC, FW, OTHER, SK, change, nth } from '../events.example';
import { AUDIT_MIGRATIONS } from '../migrations';
import { type SampleApp, TOKEN, basic, startSampleApp } from './sample-app';

const US = `US${'7'.repeat(32)}`;
const IP = '198.51.100.9';

let database: Database;
let app: SampleApp;
let account = 0;

beforeAll(async () => {
  database = await testDatabase({ schema: 'audit', migrations: AUDIT_MIGRATIONS });
  app = await startSampleApp(database);
}, 60_000);
afterAll(() => app.close());

const clientOf = (sid: string): Twilio => officialClient(app.url, sid, TOKEN);
const ask = (sid: string, path: string) => app.ask('GET', path, basic(sid));
/** An account of its own, with these changes recorded. */
const recorded = async (...changes: Parameters<typeof change>[0][]): Promise<string> => {
  const sid = nth('AC', ++account);
  app.flows.append(0, changes.map((each) => change({ ...each, meta: { actorSid: sid, accountSid: sid, ...each?.meta } })));
  await eventually('the records', async () => ((await ask(sid, '/v1/Events')).body['events'] as unknown[]).length >= Math.min(50, changes.filter((each) => !each?.type?.includes('-denied')).length));
  return sid;
};
const at = (second: number): string => new Date(Date.UTC(2026, 0, 31, 12, 0, 0) + second * 1_000 + 250).toISOString();

describe('GET /v1/Events/{sid}', () => {
  it('200: Monitor’s fields, with region and context beside them', async () => {
    const sid = await recorded({ time: '2026-01-31T12:00:00.250Z' });
    const [event] = (await ask(sid, '/v1/Events')).body['events'] as { sid: string }[];
    expect((await ask(sid, `/v1/Events/${event?.sid}`)).body).toEqual({
      account_sid: sid,
      actor_sid: sid,
      actor_type: 'account',
      description: null,
      event_data: {
        resource_properties: { revision: { previous: 1, updated: 2 } },
        context: { credential_sid: SK, request_id: `RQ${'1'.repeat(32)}`, user_agent: 'tests/1', source_ip_from: 'forwarded', seq: 1 },
      },
      event_date: '2026-01-31T12:00:00Z',
      event_type: 'flow.updated',
      links: { actor: `${app.url}/2010-04-01/Accounts/${sid}`, resource: `${app.url}/v2/Flows/${FW}` },
      region: 'us1',
      resource_sid: FW,
      resource_type: 'flow',
      sid: event?.sid,
      source: 'api',
      source_ip_address: '203.0.113.7',
      url: `${app.url}/v1/Events/${event?.sid}`,
    });
  });

  it('200: the official client reads it', async () => {
    const sid = await recorded({});
    const client = clientOf(sid);
    const [listed] = await client.monitor.v1.events.list({ limit: 1 });
    const event = await client.monitor.v1.events(listed?.sid ?? '').fetch();
    expect(event).toMatchObject({ eventType: 'flow.updated', resourceSid: FW, source: 'api', eventDate: new Date('2026-01-31T12:00:00Z') });
  });

  it('404 for an unknown one, another account’s, and what is no identifier', async () => {
    const sid = await recorded({});
    const [event] = (await ask(sid, '/v1/Events')).body['events'] as { sid: string }[];
    await expect(clientOf(sid).monitor.v1.events(nth('AE', 1)).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
    expect(await ask(OTHER, `/v1/Events/${event?.sid}`)).toMatchObject({ status: 404, body: { code: 20404 } });
    expect(await ask(sid, '/v1/Events/AE12')).toMatchObject({ status: 404 });
  });

  it('401 without credentials', async () => expect((await fetch(`${app.url}/v1/Events`)).status).toBe(401));
});

describe('GET /v1/Events', () => {
  it('200: three pages of 1,000 and more, none missing and none twice, while events are being written', async () => {
    const before = 3_200;
    const sid = await recorded(...Array.from({ length: before }, (_, i) => ({ time: at(i % 40) }))); // many share a time
    await eventually('all of them', async () => {
      const [row] = await database.query<{ seq: string }>('select seq from audit_head where account = $1', [sid]);
      return Number(row?.seq) === before;
    });
    let isWriting = true;
    const writing = (async () => {
      while (isWriting) {
        app.flows.append(0, [change({ time: at(Math.floor(Math.random() * 60)), meta: { accountSid: sid } })]); // older than what was read, newer, the same
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const events = await clientOf(sid).monitor.v1.events.list({ pageSize: 1_000 });
    isWriting = false;
    await writing;
    const seqs = events.map(({ eventData }) => (eventData as { context: { seq: number } }).context.seq).sort((a, b) => a - b);
    expect(seqs.length).toBeGreaterThanOrEqual(before);
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1)); // all up to the moment of the first page, each once
    const dates = events.map(({ eventDate }) => eventDate.getTime());
    expect(dates).toEqual([...dates].sort((a, b) => b - a));
  }, 30_000);

  it('200: newest first, in both directions', async () => {
    const sid = await recorded(...Array.from({ length: 5 }, (_, i) => ({ subject: nth('FW', i), time: at(i) })));
    const first = (await ask(sid, '/v1/Events?PageSize=2')).body as { events: { resource_sid: string }[]; meta: { next_page_url: string } };
    expect(first.events.map(({ resource_sid }) => resource_sid)).toEqual([nth('FW', 4), nth('FW', 3)]);
    const second = (await ask(sid, first.meta.next_page_url.replace(app.url, ''))).body as { meta: { previous_page_url: string } };
    expect(second).toMatchObject({ events: [{ resource_sid: nth('FW', 2) }, { resource_sid: nth('FW', 1) }], meta: { key: 'events', page: 1 } });
    expect((await ask(sid, second.meta.previous_page_url.replace(app.url, ''))).body['events']).toEqual(first.events);
  });

  describe('by one filter', () => {
    let sid: string;
    beforeAll(async () => {
      sid = await recorded(
        { time: at(0), subject: nth('FW', 100) },
        { time: at(10), subject: nth('FW', 101), type: 'flow.created' },
        { time: at(20), subject: nth('FW', 102), meta: { actorSid: US, actorType: 'user', source: 'web' } },
        { time: at(30), subject: nth('FW', 103), meta: { sourceIp: IP } },
        { time: at(40), subject: nth('FW', 104), type: 'flow.update-denied' },
      );
    });
    const found = async (query: string) => ((await ask(sid, `/v1/Events?${query}`)).body['events'] as { resource_sid: string }[]).map(({ resource_sid }) => parseInt(resource_sid.slice(-2), 16) - 100);

    it.each([
      ['', [3, 2, 1, 0]],
      [`ActorSid=${US}`, [2]],
      ['EventType=flow.created', [1]],
      [`ResourceSid=${nth('FW', 103)}`, [3]],
      [`SourceIpAddress=${IP}`, [3]],
      ['EventType=flow.update-denied', [4]],
      ['EventType=flow.nonsense', []],
      ['EventType=', [3, 2, 1, 0]],
      ['StartDate=2026-01-31T12:00:20Z', [3, 2]],
      ['EndDate=2026-01-31T12:00:20Z', [2, 1, 0]],
      ['EndDate=2026-01-31T12:00:19Z', [1, 0]],
      ['StartDate=2026-01-31&EndDate=2026-01-31', [3, 2, 1, 0]],
      ['EndDate=2026-01-30', []],
      ['StartDate=2026-02-01', []],
      ['StartDate=2026-01-31T12:00:10Z&EndDate=2026-01-31T12:00:30Z', [3, 2, 1]],
      ['DateCreatedFrom=2026-01-31T12:00:10Z&DateCreatedTo=2026-01-31T12:00:30Z', [2, 1]],
      [`ActorSid=${US}&StartDate=2026-01-31T12:00:21Z`, []],
      ['EventType=flow.created&EndDate=2026-01-31T12:00:10Z', [1]],
      [`SourceIpAddress=${IP}&StartDate=2026-01-31T12:00:30Z`, [3]],
      [`ResourceSid=${nth('FW', 100)}&EndDate=2026-01-31T11:59:59Z`, []],
    ])('200 for %s', async (query, expected) => expect(await found(query)).toEqual(expected));

    it('200: an identifier in capitals', async () => {
      const own = await recorded({ subject: FW });
      expect((await ask(own, `/v1/Events?ResourceSid=FW${'F'.repeat(32)}`)).body['events']).toHaveLength(1);
    });

    it('200: the account as actor', async () => expect(await found(`ActorSid=${sid}`)).toEqual([3, 1, 0]));

    it('200: the official client’s dates and pages keep the filter', async () => {
      const events = await clientOf(sid).monitor.v1.events.list({ endDate: new Date('2026-01-31T12:00:20.900Z'), actorSid: sid, pageSize: 1 });
      expect(events.map(({ resourceSid }) => resourceSid)).toEqual([nth('FW', 101), nth('FW', 100)]);
    });

    it('shows a denied attempt only to who asks for it, and then by its identifier too', async () => {
      const [denied] = (await ask(sid, '/v1/Events?EventType=flow.update-denied')).body['events'] as { sid: string }[];
      expect((await ask(sid, `/v1/Events/${denied?.sid}`)).status).toBe(200);
    });

    it.each([
      [`ActorSid=${US}&EventType=flow.created`],
      [`ResourceSid=${FW}&SourceIpAddress=${IP}`],
      ['EndDate=yesterday'],
      ['StartDate=2026-02-30'],
      ['EventType=a&EventType=b'],
      ['EventType=%00'],
      ['PageToken=abc'],
    ])('400 for %s', async (query) => expect(await ask(sid, `/v1/Events?${query}`)).toMatchObject({ status: 400, body: { code: 20001, status: 400 } }));

    it('400: the official client sees two filters refused', async () => {
      const listing = clientOf(sid).monitor.v1.events.list({ eventType: 'flow.created', resourceSid: FW });
      await expect(listing).rejects.toMatchObject({ status: 400, code: 20001, message: expect.stringContaining('EventType and ResourceSid') as string });
    });
  });

  it('200: a change is there within a second', async () => {
    const sid = await recorded({});
    for (let n = 2; n <= 20; n++) {
      app.flows.append(0, [change({ meta: { accountSid: sid } })]);
      await eventually('the record', async () => ((await ask(sid, '/v1/Events')).body['events'] as unknown[]).length === n, 1_000);
    }
  });

  it('200: nothing of another account', async () => {
    const sid = await recorded({});
    expect(((await ask(sid, '/v1/Events')).body['events'] as { account_sid: string }[]).every(({ account_sid }) => account_sid === sid)).toBe(true);
    expect((await ask(OTHER, '/v1/Events')).body['events']).toEqual([]);
    expect((await ask(AC, '/v1/Events')).body['events']).toEqual([]);
  });
});
