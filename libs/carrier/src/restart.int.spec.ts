import 'reflect-metadata';
import { type Database, openDatabase } from '@atelier/platform';
import { eventually, testDatabaseUrl } from '@atelier/testing';
import { CARRIER_DATABASE } from './migrations';
import { ACCOUNT, Receiver, SampleCarrier } from './sample-carrier';

const [PHONE, NUMBER] = ['+15551230001', '+15557650001'];

/** Several carriers, one after the other, over one database. Each is killed by its connections: it cannot say good-bye to its store. */
let url: string;
let receiver: Receiver;
const running: { db: Database; sample: SampleCarrier }[] = [];
const start = async () => {
  const db = await openDatabase({ url, ...CARRIER_DATABASE });
  const sample = await SampleCarrier.start(db, receiver, { timeoutMs: 20_000, storeMsMax: 300 });
  running.push({ db, sample });
  return { db, sample };
};
const kill = ({ db }: { db: Database }) => db.close();
beforeEach(async () => {
  url = await testDatabaseUrl();
  receiver = await new Receiver().start();
}, 120_000);
afterEach(async () => {
  await receiver.close(); // nothing waits for it any more
  for (const { db, sample } of running.splice(0)) {
    await sample.close();
    await db.close().catch(() => undefined); // killed already
  }
}, 20_000);

const number = (sample: SampleCarrier) => sample.ask('POST', `/2010-04-01/Accounts/${ACCOUNT}/IncomingPhoneNumbers.json`, { PhoneNumber: NUMBER, SmsUrl: `${receiver.origin}/sms` });
const text = (sample: SampleCarrier, form = {}) => sample.ask('POST', `/carrier/v1/Phones/${encodeURIComponent(PHONE)}/Messages`, { To: NUMBER, Body: 'hi', ...form });
const send = (sample: SampleCarrier) =>
  sample.ask('POST', `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`, { To: PHONE, From: NUMBER, Body: 'x', StatusCallback: `${receiver.origin}/status` });
const conversation = async (sample: SampleCarrier) => (await sample.ask('GET', `/carrier/v1/Phones/${encodeURIComponent(PHONE)}/Messages`)).body['messages'] as Record<string, unknown>[];
const idle = ({ db }: { db: Database }) => eventually('all deliveries made', async () => (await db.query('select from delivery')).length === 0, 15_000);

describe('after a kill', () => {
  it('every status that was not told is told, in its order', async () => {
    receiver.say = () => ({ never: true });
    const first = await start();
    const sids = await Promise.all(Array.from({ length: 1_200 }, async () => (await send(first.sample)).body['sid']));
    await eventually('some are under way', () => receiver.heard.length > 0);
    await kill(first);
    receiver.empty();
    const second = await start();
    await idle(second);
    for (const sid of sids) expect(receiver.statusesOf(sid)).toEqual(['sent', 'delivered']);
    expect(await second.db.query(`select from message where status <> 'delivered'`)).toEqual([]);
  }, 60_000);

  it('a text whose webhook was under way is told again as the same, and answered once', async () => {
    const first = await start();
    await number(first.sample);
    receiver.say = () => ({ never: true });
    const { body } = await text(first.sample);
    await eventually('under way', () => receiver.heard.length === 1);
    await kill(first);
    receiver.say = () => ({ body: '<Response><Message>answer</Message></Response>' });
    const second = await start();
    await idle(second);
    expect(receiver.heard.map(({ form }) => form['MessageSid'])).toEqual([body['sid'], body['sid']]);
    expect(new Set(receiver.heard.map(({ headers }) => headers['i-twilio-idempotency-token'])).size).toBe(1);
    expect((await conversation(second.sample)).map((each) => each['body'])).toEqual(['hi', 'answer']);
  }, 30_000);

  it('an answer that was heard but not stored is asked for again: it stands there once', async () => {
    const first = await start();
    await number(first.sample);
    let killed: Promise<void> | undefined;
    receiver.say = () => {
      killed ??= kill(first); // between the webhook's answer and its commit
      return { body: '<Response><Message statusCallback="/status">answer</Message></Response>' };
    };
    await text(first.sample).catch(() => undefined); // nobody promised that it is answered
    await eventually('heard', () => receiver.heard.length > 0);
    await killed;
    const second = await start();
    await idle(second);
    const answers = (await conversation(second.sample)).filter(({ body }) => body === 'answer');
    expect(answers).toHaveLength(1);
    expect(receiver.statusesOf(answers[0]?.['sid'])).toEqual(['sent', 'delivered']);
  }, 30_000);

  it('faults that were asked for still hit as often as is left', async () => {
    const first = await start();
    await first.sample.ask('POST', '/carrier/v1/Faults', { Kind: 'refuse', Count: '3' });
    expect((await send(first.sample)).status).toBe(400);
    await kill(first);
    const { sample } = await start();
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await send(sample)).status);
    expect(statuses).toEqual([400, 400, 201]);
  }, 30_000);
});

describe('after a stop', () => {
  it('what could be told was told, and nothing is told twice', async () => {
    const first = await start();
    const sids = await Promise.all(Array.from({ length: 300 }, async () => (await send(first.sample)).body['sid']));
    await first.sample.close();
    const second = await start();
    await idle(second);
    for (const sid of sids) expect(receiver.statusesOf(sid)).toEqual(['sent', 'delivered']);
  }, 60_000);
});

describe('while the database is away', () => {
  it('a message that nobody can store gets no answer, so that the sender looks it up', async () => {
    const first = await start();
    await kill(first);
    await expect(send(first.sample)).rejects.toThrow();
    await expect(text(first.sample)).resolves.toMatchObject({ status: 503, body: { code: 20503 } });
  }, 30_000);
});
