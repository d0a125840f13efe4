import 'reflect-metadata';
import { testDatabase } from '@atelier/testing';
import { EXECUTIONS_MIGRATIONS } from '../store/migrations';
import { ACCOUNT, FLOW, STRANGER, SampleDoors, basic } from '../http/sample-doors';

let doors: SampleDoors;
beforeAll(async () => {
  doors = await SampleDoors.start(await testDatabase({ schema: 'executions', migrations: EXECUTIONS_MIGRATIONS }));
}, 120_000);
afterAll(() => doors?.close());
beforeEach(() => doors.empty());

describe('topics over HTTP', () => {
  const records = '/atelier/v1/Topics/atelier.triggers/Records';
  const record = (key: string) => ({ specversion: '1.0', type: 'atelier.trigger.v1', source: 't', id: key, data: { account_sid: ACCOUNT, flow_sid: FLOW, to: `+1${key}`, from: '+2', idempotency_key: key } });
  const publish = async (body: unknown, user: string = ACCOUNT) => {
    const { status, text } = await doors.send('POST', records, { ...basic(user), 'content-type': 'application/json' }, JSON.stringify(body));
    return { status, body: JSON.parse(text) as { results: object[] } };
  };

  it('200: one record or many have one result each', async () => {
    expect(await publish(record('a'))).toMatchObject({ status: 200, body: { results: [{ status: 'started' }] } });
    expect(await publish([record('a'), record('b')])).toMatchObject({ body: { results: [{ status: 'duplicate' }, { status: 'started' }] } });
    expect(await publish(record('c'), STRANGER)).toMatchObject({ body: { results: [{ status: 'rejected', error: { code: 20003 } }] } });
  });
  it('400: none, or more than a thousand; 401: nobody', async () => {
    expect((await publish([])).status).toBe(400);
    expect((await publish(Array.from({ length: 1_001 }, () => 1))).status).toBe(400);
    expect((await doors.send('POST', records, { 'content-type': 'application/json' }, '{}')).status).toBe(401);
  });
  it('200: events are read on from where the last answer ended, the account’s own only', async () => {
    const event = (id: string, account: string) => ({ id, source: 's', type: 't', time: '2026-01-31T12:00:00Z', data: { account_sid: account } });
    doors.topic.append(0, [event('1', ACCOUNT), event('2', STRANGER), event('3', ACCOUNT)]);
    doors.topic.append(1, [event('4', ACCOUNT)]);
    const read = async (after: string) => (await doors.rest('GET', `/atelier/v1/Topics/atelier.executions.events/Records?limit=2&after=${after}`)).body as { records: { id: string }[]; next: string };
    const seen: string[] = [];
    let after = '';
    for (let i = 0; i < 4; i++) {
      const page = await read(after);
      seen.push(...page.records.map(({ id }) => id));
      after = page.next;
    }
    expect(seen.sort()).toEqual(['1', '3', '4']);
    doors.topic.append(1, [event('5', ACCOUNT)]);
    expect((await read(after)).records.map(({ id }) => id)).toEqual(['5']);
  });
  it('404: an unknown topic; 400: a position that was never given out', async () => {
    expect((await doors.rest('GET', '/atelier/v1/Topics/atelier.nothing/Records')).status).toBe(404);
    expect((await doors.rest('GET', '/atelier/v1/Topics/atelier.executions.events/Records?after=xx')).status).toBe(400);
  });
});
