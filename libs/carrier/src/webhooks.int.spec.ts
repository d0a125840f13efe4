import 'reflect-metadata';
import type { Database } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { validateRequest } from 'twilio';
import { CARRIER_DATABASE } from './migrations';
import { ACCOUNT, type Heard, Receiver, STRANGER, type Said, SampleCarrier, TOKEN } from './sample-carrier';

const [PHONE, NUMBER] = ['+15551230001', '+15557650001'];
const READ_TIMEOUT_MS = 400;

let db: Database;
let receiver: Receiver;
let elsewhere: Receiver;
let sample: SampleCarrier;
beforeAll(async () => {
  db = await testDatabase(CARRIER_DATABASE);
  [receiver, elsewhere] = [await new Receiver().start(), await new Receiver().start()];
  sample = await SampleCarrier.start(db, receiver, { timeoutMs: READ_TIMEOUT_MS });
}, 120_000);
afterAll(async () => {
  await sample?.close();
  await receiver?.close();
  await elsewhere?.close();
  await db?.close();
});
beforeEach(async () => {
  await idle();
  receiver.empty();
  elsewhere.empty();
  await db.query('truncate message, delivery, phone_number');
});

const idle = () => eventually('all deliveries made', async () => (await db.query('select from delivery')).length === 0, 10_000);
const number = (settings: Record<string, string> = { SmsUrl: `${receiver.origin}/sms` }, phoneNumber = NUMBER) =>
  sample.ask('POST', `/2010-04-01/Accounts/${ACCOUNT}/IncomingPhoneNumbers.json`, { PhoneNumber: phoneNumber, ...settings });
const text = (form: Record<string, string> = {}, phone = PHONE) => sample.ask('POST', `/carrier/v1/Phones/${encodeURIComponent(phone)}/Messages`, { To: NUMBER, Body: 'hi', ...form });
const send = (form: Record<string, string> = {}) =>
  sample.ask('POST', `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`, { To: PHONE, From: NUMBER, Body: 'x', StatusCallback: `${receiver.origin}/status`, ...form });
const conversation = async (phone = PHONE) => (await sample.ask('GET', `/carrier/v1/Phones/${encodeURIComponent(phone)}/Messages`)).body['messages'] as Record<string, unknown>[];
const fetched = async (sid: unknown) => (await sample.ask('GET', `/2010-04-01/Accounts/${ACCOUNT}/Messages/${String(sid)}.json`)).body;
const signed = ({ url, headers, form }: Heard) => validateRequest(TOKEN, String(headers['x-twilio-signature']), url, form);
const answers = (byPath: Record<string, Said>) => (receiver.say = ({ path }) => byPath[path.split('?')[0] ?? ''] ?? {});
const paths = () => receiver.heard.map(({ path }) => path);

describe('a text from a simulated phone', () => {
  it('reaches the SmsUrl of its number once, signed with the primary auth token, with Twilio’s parameters', async () => {
    await number();
    const { status, body } = await text({ Body: 'Grüße & 🙂', MediaUrl: 'https://example.com/a.png' });
    expect([status, body]).toEqual([201, expect.objectContaining({ sid: expect.stringMatching(/^MM/), direction: 'inbound', from: PHONE, to: NUMBER, status: 'received' })]);
    await idle();
    expect(receiver.heard).toHaveLength(1);
    const [heard] = receiver.heard;
    expect(heard).toMatchObject({ method: 'POST', path: '/sms', headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } });
    expect(heard?.headers['i-twilio-idempotency-token']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(heard?.form).toMatchObject({
      MessageSid: body['sid'], SmsSid: body['sid'], SmsMessageSid: body['sid'], AccountSid: ACCOUNT, From: PHONE, To: NUMBER, Body: 'Grüße & 🙂', NumMedia: '1',
      MediaUrl0: 'https://example.com/a.png', NumSegments: '1', SmsStatus: 'received', ApiVersion: '2010-04-01', FromCountry: 'US', ToCountry: 'US',
    });
    expect(heard && signed(heard)).toBe(true);
  });
  it('is told by GET where the number says so, the parameters in the signed URL', async () => {
    await number({ SmsUrl: `${receiver.origin}/sms?x=1`, SmsMethod: 'GET' });
    await text({ Body: 'a b&c' });
    await idle();
    const [heard] = receiver.heard;
    expect(heard).toMatchObject({ method: 'GET', form: {}, path: expect.stringMatching(/^\/sms\?x=1&.*Body=a\+b%26c/) });
    expect(heard && signed(heard)).toBe(true);
  });
  it('stays on the phone where its number calls nobody', async () => {
    await number({});
    await text();
    expect(await conversation()).toMatchObject([{ body: 'hi', direction: 'inbound' }]);
    expect(receiver.heard).toEqual([]);
  });
  it.each([
    ['to no number of the account', { To: '+15550000000' }, 21211],
    ['without To', { To: '' }, 20001],
    ['without anything to say', { Body: '' }, 21602],
    ['that is too long', { Body: 'x'.repeat(1_601) }, 21617],
    ['with U+0000', { Body: '\u0000' }, 20001],
  ])('400: %s', async (_, form, code) => {
    await number();
    expect(await text(form as Record<string, string>)).toMatchObject({ status: 400, body: { code } });
    expect(await conversation()).toEqual([]);
  });
  it('404: from what is no address of a phone', async () => expect(await text({}, 'nobody')).toMatchObject({ status: 404, body: { code: 20404 } }));
  it('a phone shows both sides, oldest first, to its own account only', async () => {
    await number({});
    await text({ Body: 'one' });
    await send({ Body: 'two', StatusCallback: '' });
    await text({ Body: 'three' });
    await text({ Body: 'other phone' }, '+15551230002');
    expect((await conversation()).map(({ body, direction }) => [body, direction])).toEqual([['one', 'inbound'], ['two', 'outbound-api'], ['three', 'inbound']]);
    expect((await sample.ask('GET', `/carrier/v1/Phones/${encodeURIComponent(PHONE)}/Messages`, undefined, STRANGER)).body).toEqual({ messages: [] });
  });
});

describe('the answer of a number’s webhook', () => {
  const reply = (body: string): Said => ({ body: `<?xml version="1.0"?><Response>${body}</Response>` });

  it('Message: comes to the phone, with media, to others and in order', async () => {
    await number();
    answers({ '/sms': reply(`<Message>one &amp; only</Message><Message><Body>two</Body><Media>https://example.com/a.png</Media></Message><Message to="+15551230009" from="+15557650009">three</Message>`) });
    const { body } = await text();
    await idle();
    expect(await conversation()).toMatchObject([
      { sid: body['sid'] },
      { body: 'one & only', direction: 'outbound-reply', from: NUMBER, to: PHONE, status: 'delivered' },
      { body: 'two', media: ['https://example.com/a.png'] },
    ]);
    expect(await conversation('+15551230009')).toMatchObject([{ body: 'three', from: '+15557650009' }]);
  });
  it('plain text: is a message', async () => {
    await number();
    answers({ '/sms': { type: 'text/plain', body: 'hello' } });
    await text();
    await idle();
    expect((await conversation()).map(({ body }) => body)).toEqual(['hi', 'hello']);
  });
  it('Redirect: is followed with the message’s parameters, signed again; what stood before it is sent, what follows is not', async () => {
    await number();
    answers({ '/sms': reply(`<Message>before</Message><Redirect>/next?a=1&amp;b=2</Redirect><Message>never</Message>`), '/next': reply('<Redirect method="GET">last</Redirect>'), '/last': reply('<Message>after</Message>') });
    const { body } = await text();
    await idle();
    expect((await conversation()).map((each) => each['body'])).toEqual(['hi', 'before', 'after']);
    expect(receiver.heard.map(({ method, path }) => [method, path.split('?')[0]])).toEqual([['POST', '/sms'], ['POST', '/next'], ['GET', '/last']]);
    expect(receiver.heard[1]).toMatchObject({ path: '/next?a=1&b=2', form: { MessageSid: body['sid'] } });
    expect(receiver.heard.every(signed)).toBe(true);
  });
  it('Redirect to itself: ends', async () => {
    await number();
    answers({ '/sms': reply('<Redirect/>') });
    await text();
    await idle();
    expect(receiver.heard.length).toBeLessThanOrEqual(12);
  });
  it('its status callbacks are told, relative URLs by the webhook’s', async () => {
    await number({ SmsUrl: `${receiver.origin}/deep/sms` });
    answers({ '/deep/sms': reply('<Message statusCallback="status?x=1">one</Message>') });
    await text();
    await idle();
    expect(receiver.heard.slice(1).map(({ path, form }) => [path, form['MessageStatus']])).toEqual([['/deep/status?x=1', 'sent'], ['/deep/status?x=1', 'delivered']]);
  });
  it.each([
    ['an answer that is no TwiML', { body: '<html>no</html>' }, '12100'],
    ['an error', { status: 500, body: '<Response><Message>no</Message></Response>' }, '11200'],
    ['no answer', { hangUp: true }, '11200'],
    ['an answer that never comes', { never: true }, '11200'],
  ])('%s: the fallback URL is asked once, and told why', async (_, said, code) => {
    await number({ SmsUrl: `${receiver.origin}/sms`, SmsFallbackUrl: `${receiver.origin}/fallback` });
    answers({ '/sms': said, '/fallback': reply('<Message>sorry</Message>') });
    await text();
    await idle();
    expect((await conversation()).map(({ body }) => body)).toEqual(['hi', 'sorry']);
    expect(paths()).toEqual(['/sms', '/fallback']);
    expect(receiver.heard[1]?.form).toMatchObject({ ErrorCode: code, ErrorUrl: `${receiver.origin}/sms`, Body: 'hi' });
  });
  it('an error of the fallback too: nothing is sent, nothing is repeated', async () => {
    await number({ SmsUrl: `${receiver.origin}/sms`, SmsFallbackUrl: `${receiver.origin}/fallback` });
    receiver.say = () => ({ status: 500 });
    await text();
    await idle();
    expect(paths()).toEqual(['/sms', '/fallback']);
    expect(await conversation()).toHaveLength(1);
  });
  it('hostile TwiML leaves the carrier at work', async () => {
    await number();
    const bombs = [`<Response>${'<a>'.repeat(10_000)}`, `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Response><Message>&b;</Message></Response>`, '<Response><Message>\u0000&#0;&#xD800;</Message></Response>'];
    for (const body of bombs) {
      receiver.say = () => ({ body });
      expect((await text()).status).toBe(201);
      await idle();
    }
    receiver.say = () => reply('<Message>alive</Message>');
    await text();
    await idle();
    expect((await conversation()).at(-1)).toMatchObject({ body: 'alive' });
  });
});

describe('the retry rule', () => {
  it('an answer that is an error or missing is asked for again where the URL’s fragment says so, with the same token', async () => {
    await number({ SmsUrl: `${receiver.origin}/sms#rc=2&rp=rt,5xx` });
    const said: Said[] = [{ status: 500 }, { hangUp: true }, { body: '<Response><Message>at last</Message></Response>' }];
    receiver.say = () => said.shift() ?? {};
    await text();
    await idle();
    expect(paths()).toEqual(['/sms', '/sms', '/sms']);
    expect(new Set(receiver.heard.map(({ headers }) => headers['i-twilio-idempotency-token'])).size).toBe(1);
    expect(receiver.heard.every(signed)).toBe(true);
    expect((await conversation()).at(-1)).toMatchObject({ body: 'at last' });
  });
  it('private networks are reached at the own origin only', async () => {
    await number({ SmsUrl: `${elsewhere.origin}/sms`, SmsFallbackUrl: `${receiver.origin}/fallback` });
    await text();
    await idle();
    expect(elsewhere.heard).toEqual([]);
    expect(paths()).toEqual(['/fallback']);
  });
});

describe('status callbacks', () => {
  it('tell sent and delivered, in this order and signed; queued is what the create answered', async () => {
    const { body } = await send({ StatusCallback: `${receiver.origin}/status?ExecutionSid=FN1&StepSid=FT1` });
    expect(body['status']).toBe('queued');
    await idle();
    expect(receiver.statusesOf(body['sid'])).toEqual(['sent', 'delivered']);
    expect(receiver.heard[0]).toMatchObject({ method: 'POST', path: '/status?ExecutionSid=FN1&StepSid=FT1' });
    expect(receiver.heard[0]?.form).toEqual({ SmsSid: body['sid'], MessageSid: body['sid'], SmsStatus: 'sent', MessageStatus: 'sent', To: PHONE, From: NUMBER, AccountSid: ACCOUNT, ApiVersion: '2010-04-01' });
    expect(receiver.heard.every(signed)).toBe(true);
    expect(new Set(receiver.heard.map(({ headers }) => headers['i-twilio-idempotency-token'])).size).toBe(2);
    expect(await fetched(body['sid'])).toMatchObject({ status: 'delivered' });
  });
  it('of a Messaging Service begin with queued, for that is not what the create answered', async () => {
    const { body } = await send({ From: '', MessagingServiceSid: `MG${'1'.repeat(32)}` });
    await idle();
    expect([body['status'], ...receiver.statusesOf(body['sid'])]).toEqual(['accepted', 'queued', 'sent', 'delivered']);
    expect(receiver.heard[0]?.form).toMatchObject({ MessagingServiceSid: `MG${'1'.repeat(32)}` });
  });
  it('a state can be read before it is told', async () => {
    const seen: unknown[] = [];
    receiver.say = ({ form }) => {
      if (form['MessageStatus'] === 'delivered') seen.push(fetched(form['MessageSid']));
      return {};
    };
    await send();
    await idle();
    expect(await Promise.all(seen)).toMatchObject([{ status: 'delivered' }]);
  });
  it('of many messages at once are all told, those of each in their order, while one receiver is slow', async () => {
    await send({ StatusCallback: `${receiver.origin}/slow` });
    receiver.say = ({ path }) => ({ never: path === '/slow' });
    const sids = await Promise.all(Array.from({ length: 200 }, async () => (await send()).body['sid']));
    await idle();
    for (const sid of sids) expect(receiver.statusesOf(sid)).toEqual(['sent', 'delivered']);
  }, 30_000);
  it('that nobody takes change nothing about the message', async () => {
    receiver.say = () => ({ status: 500 });
    const { body } = await send();
    await idle();
    expect(await fetched(body['sid'])).toMatchObject({ status: 'delivered', error_code: null });
  });
});
