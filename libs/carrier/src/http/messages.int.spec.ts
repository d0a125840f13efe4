import 'reflect-metadata';
import { type Database } from '@atelier/platform';
import { officialClient, testDatabase } from '@atelier/testing';
import { CARRIER_DATABASE } from '../migrations';
import { ACCOUNT, Receiver, STRANGER, SampleCarrier, TOKEN } from '../sample-carrier';

const PATH = `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`;
const [PHONE, NUMBER] = ['+15551230001', '+15557650001'];

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
});

const messages = () => officialClient(sample.url, ACCOUNT, TOKEN).api.v2010.accounts(ACCOUNT).messages;
const count = async () => Number((await db.query<{ n: string }>('select count(*) as n from message'))[0]?.n);

describe('POST /2010-04-01/Accounts/{AC}/Messages.json', () => {
  it('201: the official client sends one, and reads what Twilio would answer', async () => {
    const made = await messages().create({ to: PHONE, from: NUMBER, body: 'Grüße 🙂' });
    expect(made).toMatchObject({
      accountSid: ACCOUNT, to: PHONE, from: NUMBER, body: 'Grüße 🙂', status: 'queued', direction: 'outbound-api', numMedia: '0', numSegments: '1',
      messagingServiceSid: null, errorCode: null, errorMessage: null, price: null, priceUnit: 'USD', apiVersion: '2010-04-01', dateSent: null,
      uri: `/2010-04-01/Accounts/${ACCOUNT}/Messages/${made.sid}.json`,
    });
    expect(made.sid).toMatch(/^SM[0-9a-f]{32}$/);
    expect(Math.abs(made.dateCreated.getTime() - Date.now())).toBeLessThan(60_000);
  });
  it('201: with a Messaging Service it is accepted, and has no sender yet', async () =>
    expect(await messages().create({ to: PHONE, messagingServiceSid: `MG${'1'.repeat(32)}`, body: 'x' })).toMatchObject({ status: 'accepted', from: null, messagingServiceSid: `MG${'1'.repeat(32)}` }));
  it('201: media make it MM, without a body too', async () => {
    const made = await messages().create({ to: PHONE, from: NUMBER, mediaUrl: ['https://example.com/a.png', 'https://example.com/b.png'] });
    expect([made.sid.slice(0, 2), made.numMedia, made.body]).toEqual(['MM', '2', '']);
  });
  it('201: what channels and short codes look like', async () => {
    await expect(messages().create({ to: 'whatsapp:+15551230001', from: 'whatsapp:+15557650001', body: 'x' })).resolves.toBeDefined();
    await expect(messages().create({ to: PHONE, from: '12345', body: 'x' })).resolves.toBeDefined();
    await expect(messages().create({ to: PHONE, from: 'Atelier 1', body: 'x' })).resolves.toBeDefined();
  });
  it('201: a JSON body means the same as a form', async () => {
    const headers = { authorization: `Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString('base64')}`, 'content-type': 'application/json' };
    expect((await fetch(sample.url + PATH, { method: 'POST', headers, body: JSON.stringify({ To: PHONE, From: NUMBER, Body: 'x' }) })).status).toBe(201);
  });
  it('201: a thousand at once are all there, each once', async () => {
    const sids = await Promise.all(Array.from({ length: 1_000 }, async (_, n) => (await sample.ask('POST', PATH, { To: PHONE, From: NUMBER, Body: `${n}` })).body['sid']));
    expect(new Set(sids).size).toBe(1_000);
    expect(await count()).toBe(1_000);
  }, 30_000);

  const full = { To: PHONE, From: NUMBER, Body: 'x' };
  it.each([
    ['without To', { From: NUMBER, Body: 'x' }, 21604, "A 'To' phone number is required"],
    ['with a To that is no number', { ...full, To: '5551230001' }, 21211, "The 'To' number 5551230001 is not a valid phone number."],
    ['with a To of letters', { ...full, To: 'Anna' }, 21211, "The 'To' number Anna is not a valid phone number."],
    ['without From', { To: PHONE, Body: 'x' }, 21603, "A 'From' phone number is required"],
    ['with a From that is nothing', { ...full, From: '+0' }, 21212, "The 'From' number +0 is not a valid phone number, shortcode, or alphanumeric sender ID."],
    ['without anything to say', { To: PHONE, From: NUMBER }, 21602, 'Message body is required'],
    ['with an empty body', { ...full, Body: '' }, 21602, 'Message body is required'],
    ['with a body of 1601 characters', { ...full, Body: 'x'.repeat(1_601) }, 21617, 'The concatenated message body exceeds the 1600 character limit'],
    ['with a StatusCallback that is no URL', { ...full, StatusCallback: 'nowhere' }, 21609, 'The StatusCallback URL nowhere is not a valid URL.'],
    ['with a StatusCallback by file', { ...full, StatusCallback: 'file:///etc/passwd' }, 21609, 'The StatusCallback URL file:///etc/passwd is not a valid URL.'],
    ['with U+0000', { ...full, Body: 'a\u0000b' }, 20001, 'Invalid parameter Body: must not contain U+0000 or a lone surrogate'],
  ])('400: %s', async (_, form, code, message) => {
    const { status, body } = await sample.ask('POST', PATH, form as Record<string, string>);
    expect([status, body]).toEqual([400, { code, message, status: 400, more_info: `https://www.twilio.com/docs/errors/${code}` }]);
    expect(await count()).toBe(0);
  });
  it('400: the official client reads the code', async () => {
    await expect(messages().create({ to: 'x', from: NUMBER, body: 'x' })).rejects.toMatchObject({ status: 400, code: 21211, moreInfo: 'https://www.twilio.com/docs/errors/21211' });
  });
  it('400: a form that is not UTF-8', async () => expect(await sample.ask('POST', PATH, 'Body=%ff')).toMatchObject({ status: 400, body: { code: 20001 } }));
  it('401: a key that does not exist any more', async () => {
    const client = officialClient(sample.url, `SK${'1'.repeat(32)}`, 'secret', ACCOUNT);
    await expect(client.api.v2010.accounts(ACCOUNT).messages.create({ to: PHONE, from: NUMBER, body: 'x' })).rejects.toMatchObject({ status: 401, code: 20003, message: 'Authenticate' });
  });
  it('404: in the account of somebody else', async () => {
    expect(await sample.ask('POST', PATH, full, STRANGER)).toMatchObject({ status: 404, body: { code: 20404 } });
    expect(await count()).toBe(0);
  });
});

describe('GET /2010-04-01/Accounts/{AC}/Messages/{SM}.json', () => {
  it('200: what became of it: delivered, in Twilio’s dates', async () => {
    const { sid } = await messages().create({ to: PHONE, from: NUMBER, body: 'x' });
    const { body } = await sample.ask('GET', `/2010-04-01/Accounts/${ACCOUNT}/Messages/${sid}.json`);
    expect(body).toMatchObject({ sid, status: 'delivered', date_sent: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/), subresource_uris: { media: `/2010-04-01/Accounts/${ACCOUNT}/Messages/${sid}/Media.json` } });
    const client = officialClient(sample.url, ACCOUNT, TOKEN);
    expect((await client.api.v2010.accounts(ACCOUNT).messages(sid).fetch()).dateSent).toBeInstanceOf(Date);
  });
  it('404: unknown, malformed, and of another account', async () => {
    const { sid } = await messages().create({ to: PHONE, from: NUMBER, body: 'x' });
    for (const path of [`${ACCOUNT}/Messages/SM${'0'.repeat(32)}.json`, `${ACCOUNT}/Messages/x.json`, `${STRANGER}/Messages/${sid}.json`])
      expect(await sample.ask('GET', `/2010-04-01/Accounts/${path}`)).toMatchObject({ status: 404, body: { code: 20404, message: `The requested resource /2010-04-01/Accounts/${path} was not found` } });
    expect(await sample.ask('GET', `/2010-04-01/Accounts/${STRANGER}/Messages/${sid}.json`, undefined, STRANGER)).toMatchObject({ status: 404 });
  });
});

describe('GET /2010-04-01/Accounts/{AC}/Messages.json', () => {
  const bodies = async (options: Parameters<ReturnType<typeof messages>['list']>[0]) => (await messages().list(options)).map(({ body }) => body);

  it('200: newest first, by all filters', async () => {
    await messages().create({ to: PHONE, from: NUMBER, body: 'one' });
    await messages().create({ to: '+15551230002', from: NUMBER, body: 'two' });
    await messages().create({ to: PHONE, from: '+15557650002', body: 'three' });
    await db.query(`update message set sent_at = '2026-01-31T23:59:59.5Z', created_at = '2026-01-31T23:59:59.5Z' where body = 'one'`);
    await db.query(`update message set sent_at = '2026-02-01T00:00:00Z' where body = 'two'`);
    await db.query(`update message set sent_at = '2026-02-02T12:00:00Z' where body = 'three'`);
    expect(await bodies({})).toEqual(['three', 'two', 'one']);
    expect(await bodies({ to: PHONE })).toEqual(['three', 'one']);
    expect(await bodies({ from: NUMBER })).toEqual(['two', 'one']);
    expect(await bodies({ to: PHONE, from: NUMBER })).toEqual(['one']);
    expect(await bodies({ dateSent: new Date('2026-01-31T23:59:59Z') })).toEqual(['one']);
    expect(await bodies({ dateSentAfter: new Date('2026-02-01T00:00:00Z') })).toEqual(['three', 'two']);
    expect(await bodies({ dateSentBefore: new Date('2026-02-01T00:00:00Z') })).toEqual(['two', 'one']);
    expect(await bodies({ dateSentAfter: new Date('2026-02-01T00:00:00Z'), dateSentBefore: new Date('2026-02-01T10:00:00Z'), to: '+15551230002' })).toEqual(['two']);
    const byDay = await sample.ask('GET', `${PATH}?DateSent=2026-01-31`);
    expect((byDay.body['messages'] as { body: string }[]).map(({ body }) => body)).toEqual(['one']);
  });
  it('200: page by page, with filters, not shifted by what arrives meanwhile', async () => {
    for (const n of [1, 2, 3, 4, 5]) await messages().create({ to: PHONE, from: NUMBER, body: `${n}` });
    await messages().create({ to: '+15551230002', from: NUMBER, body: 'other' });
    expect(await bodies({ to: PHONE, pageSize: 2 })).toEqual(['5', '4', '3', '2', '1']);
    expect(await bodies({ to: PHONE, pageSize: 2, limit: 3 })).toEqual(['5', '4', '3']);
    const first = await sample.ask('GET', `${PATH}?To=${encodeURIComponent(PHONE)}&PageSize=2`);
    expect(first.body).toMatchObject({ page: 0, page_size: 2, start: 0, end: 1, previous_page_uri: null, first_page_uri: expect.stringMatching(/^\/2010-04-01\/.*To=%2B15551230001/) });
    await messages().create({ to: PHONE, from: NUMBER, body: 'late' });
    const second = await sample.ask('GET', String(first.body['next_page_uri']));
    expect((second.body['messages'] as { body: string }[]).map(({ body }) => body)).toEqual(['3', '2']);
    const back = await sample.ask('GET', String(second.body['previous_page_uri']));
    expect((back.body['messages'] as { body: string }[]).map(({ body }) => body)).toEqual(['5', '4']);
  });
  it('200: nobody sees the messages of another account', async () => {
    await messages().create({ to: PHONE, from: NUMBER, body: 'x' });
    expect((await sample.ask('GET', PATH.replace(ACCOUNT, STRANGER), undefined, STRANGER)).body['messages']).toEqual([]);
  });
  it.each([['DateSent=yesterday'], ['DateSent%3E=2026-02-30'], ['PageSize=0'], ['PageToken=x']])('400: %s', async (query) =>
    expect(await sample.ask('GET', `${PATH}?${query}`)).toMatchObject({ status: 400, body: { code: 20001 } }));
});
