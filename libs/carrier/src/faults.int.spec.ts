import 'reflect-metadata';
import type { Database } from '@atelier/platform';
import { eventually, officialClient, testDatabase } from '@atelier/testing';
import { CARRIER_DATABASE } from './migrations';
import { ACCOUNT, Receiver, STRANGER, SampleCarrier, TOKEN } from './sample-carrier';

const [PHONE, NUMBER] = ['+15551230001', '+15557650001'];
const PATH = `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`;

let db: Database;
let receiver: Receiver;
let sample: SampleCarrier;
beforeAll(async () => {
  db = await testDatabase(CARRIER_DATABASE);
  receiver = await new Receiver().start();
  sample = await SampleCarrier.start(db, receiver);
}, 120_000);
afterAll(async () => {
  await sample?.close();
  await receiver?.close();
  await db?.close();
});
beforeEach(async () => {
  receiver.empty();
  await db.query('truncate message, delivery');
  await sample.ask('DELETE', '/carrier/v1/Faults');
});

const fault = (form: Record<string, string>) => sample.ask('POST', '/carrier/v1/Faults', form);
const faults = async (user: string = ACCOUNT) => (await sample.ask('GET', '/carrier/v1/Faults', undefined, user)).body['faults'] as Record<string, unknown>[];
const send = (form: Record<string, string> = {}) => sample.ask('POST', PATH, { To: PHONE, From: NUMBER, Body: 'x', ...form });
const stored = async () => (await db.query<{ recipient: string; status: string }>('select recipient, status from message order by n'));

describe('refuse', () => {
  it('401/20003: what the official client reads of a key that was deleted; nothing is stored', async () => {
    await fault({ Kind: 'refuse', HttpStatus: '401' });
    const client = officialClient(sample.url, ACCOUNT, TOKEN);
    await expect(client.api.v2010.accounts(ACCOUNT).messages.create({ to: PHONE, from: NUMBER, body: 'x' })).rejects.toMatchObject({ status: 401, code: 20003 });
    expect(await stored()).toEqual([]);
  });
  it.each([
    [{ HttpStatus: '400', ErrorCode: '21610' }, 400, 21610],
    [{}, 400, 20001],
    [{ HttpStatus: '429' }, 429, 20429],
    [{ HttpStatus: '503' }, 503, 20500],
  ])('%j', async (form, status, code) => {
    await fault({ Kind: 'refuse', ...(form as Record<string, string>) });
    expect(await send()).toEqual({ status, body: { code, status, message: expect.any(String), more_info: `https://www.twilio.com/docs/errors/${code}` } });
  });
  it('hits as many as were asked for, then nobody', async () => {
    await fault({ Kind: 'refuse', Count: '3' });
    expect((await Promise.all(Array.from({ length: 10 }, () => send()))).filter(({ status }) => status === 400)).toHaveLength(3);
    expect(await stored()).toHaveLength(7);
    expect(await faults()).toEqual([]);
  });
  it('hits one recipient where one was named, and no other account', async () => {
    await fault({ Kind: 'refuse', To: PHONE });
    expect((await sample.ask('POST', PATH.replace(ACCOUNT, STRANGER), { To: PHONE, From: NUMBER, Body: 'x' }, STRANGER)).status).toBe(201);
    expect((await send({ To: '+15551230002' })).status).toBe(201);
    expect((await send()).status).toBe(400);
  });
  it('is not used up by a message that was wrong anyway', async () => {
    await fault({ Kind: 'refuse' });
    await send({ Body: '' });
    expect(await faults()).toMatchObject([{ remaining: 1 }]);
  });
});

describe('fail-delivery', () => {
  it('the message is accepted, then undelivered, with its code in the callback and in the resource; the phone never shows it', async () => {
    await fault({ Kind: 'fail-delivery', ErrorCode: '30005' });
    const { status, body } = await send({ StatusCallback: `${receiver.origin}/status` });
    expect([status, body['status']]).toEqual([201, 'queued']);
    await eventually('told', () => receiver.statusesOf(body['sid']).length === 2);
    expect(receiver.statusesOf(body['sid'])).toEqual(['sent', 'undelivered']);
    expect(receiver.heard.map(({ form }) => form['ErrorCode'])).toEqual([undefined, '30005']);
    expect((await sample.ask('GET', PATH.replace('.json', `/${String(body['sid'])}.json`))).body).toMatchObject({ status: 'undelivered', error_code: 30005 });
    expect((await sample.ask('GET', `/carrier/v1/Phones/${encodeURIComponent(PHONE)}/Messages`)).body).toEqual({ messages: [] });
  });
  it('without a callback the resource tells it, as an unreachable handset', async () => {
    await fault({ Kind: 'fail-delivery' });
    const { body } = await send();
    expect((await sample.ask('GET', PATH.replace('.json', `/${String(body['sid'])}.json`))).body).toMatchObject({ status: 'undelivered', error_code: 30003 });
  });
});

describe('answer-late', () => {
  it('the message can be found before it is answered', async () => {
    await fault({ Kind: 'answer-late', DelayMs: '600' });
    let isAnswered = false;
    const sent = send().finally(() => (isAnswered = true));
    const wasAnswered = await eventually('found', async () => (await stored()).length === 1 && { isAnswered });
    expect(wasAnswered).toEqual({ isAnswered: false });
    expect((await sent).status).toBe(201);
  });
  it('a stop does not wait for it', async () => {
    const other = await SampleCarrier.start(db, receiver);
    await other.ask('POST', '/carrier/v1/Faults', { Kind: 'answer-late', DelayMs: '600000' });
    const sent = other.ask('POST', PATH, { To: PHONE, From: NUMBER, Body: 'x' });
    await eventually('stored', async () => (await stored()).length === 1);
    await other.close();
    expect((await sent).status).toBe(201);
  });
});

describe('drop-answer', () => {
  it('the connection breaks, yet the message is there, and its callbacks come', async () => {
    await fault({ Kind: 'drop-answer' });
    await expect(send({ StatusCallback: `${receiver.origin}/status`, Body: 'lost' })).rejects.toThrow();
    const { body } = await sample.ask('GET', `${PATH}?To=${encodeURIComponent(PHONE)}`);
    expect(body['messages']).toMatchObject([{ body: 'lost' }]);
    await eventually('told', () => receiver.heard.length === 2);
    expect((await send()).status).toBe(201);
  });
});

describe('/carrier/v1/Faults', () => {
  it('201, 200, 204: asked for, listed for the own account, cleared', async () => {
    const made = await fault({ Kind: 'refuse', To: PHONE, Count: '2', HttpStatus: '500' });
    expect(made).toEqual({ status: 201, body: { id: expect.any(String), kind: 'refuse', to: PHONE, remaining: 2, http_status: 500, error_code: 20500, delay_ms: 15_000 } });
    expect([await faults(), await faults(STRANGER)]).toEqual([[made.body], []]);
    expect((await sample.ask('DELETE', '/carrier/v1/Faults', undefined, STRANGER)).status).toBe(204);
    expect(await faults()).toHaveLength(1);
    expect((await sample.ask('DELETE', '/carrier/v1/Faults')).status).toBe(204);
    expect(await faults()).toEqual([]);
  });
  it.each([[{}], [{ Kind: 'explode' }], [{ Kind: 'refuse', Count: '0' }], [{ Kind: 'refuse', HttpStatus: '200' }], [{ Kind: 'answer-late', DelayMs: '-1' }], [{ Kind: 'refuse', To: '' }]])(
    '400: %j',
    async (form) => expect(await fault(form as Record<string, string>)).toMatchObject({ status: 400, body: { code: 20001 } }),
  );
  it('401: without credentials', async () => {
    for (const path of ['/carrier/v1/Faults', '/carrier/v1/Phones/%2B1555/Messages', PATH, PATH.replace('Messages', 'IncomingPhoneNumbers')])
      expect((await fetch(sample.url + path)).status).toBe(401);
  });
});
