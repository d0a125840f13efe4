import 'reflect-metadata';
import type { Database } from '@atelier/platform';
import { officialClient, testDatabase } from '@atelier/testing';
import { CARRIER_DATABASE } from '../migrations';
import { ACCOUNT, Receiver, STRANGER, SampleCarrier, TOKEN } from '../sample-carrier';

const PATH = `/2010-04-01/Accounts/${ACCOUNT}/IncomingPhoneNumbers.json`;
const NUMBER = '+15557650001';

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
beforeEach(() => db.query('truncate phone_number'));

const account = () => officialClient(sample.url, ACCOUNT, TOKEN).api.v2010.accounts(ACCOUNT);
const numbers = () => account().incomingPhoneNumbers;

describe('POST /2010-04-01/Accounts/{AC}/IncomingPhoneNumbers.json', () => {
  it('201: the official client buys one with its URLs', async () => {
    const made = await numbers().create({ phoneNumber: NUMBER, friendlyName: 'Desk', smsUrl: 'https://example.com/sms', smsMethod: 'GET', voiceUrl: 'http://127.0.0.1:1/voice' });
    expect(made).toMatchObject({
      accountSid: ACCOUNT, phoneNumber: NUMBER, friendlyName: 'Desk', smsUrl: 'https://example.com/sms', smsMethod: 'GET', smsFallbackUrl: '', smsFallbackMethod: 'POST',
      voiceUrl: 'http://127.0.0.1:1/voice', voiceMethod: 'POST', statusCallback: '', origin: 'twilio', status: 'in-use', capabilities: { sms: true, mms: true, voice: true, fax: false },
      uri: `/2010-04-01/Accounts/${ACCOUNT}/IncomingPhoneNumbers/${made.sid}.json`,
    });
    expect(made.sid).toMatch(/^PN[0-9a-f]{32}$/);
    expect(made.dateCreated).toBeInstanceOf(Date);
  });
  it('201: any of an area code; it is named after itself', async () => {
    const { phoneNumber, friendlyName } = await numbers().create({ areaCode: '415' });
    expect(phoneNumber).toMatch(/^\+1415555\d{4}$/);
    expect(friendlyName).toBe(phoneNumber);
  });
  it('201: two accounts may have the same one, for nobody is called', async () => {
    await numbers().create({ phoneNumber: NUMBER });
    expect((await sample.ask('POST', PATH.replace(ACCOUNT, STRANGER), { PhoneNumber: NUMBER }, STRANGER)).status).toBe(201);
  });
  it.each([
    ['neither a number nor an area code', {}, 21421],
    ['a number that is none', { PhoneNumber: '555' }, 21421],
    ['an area code that is none', { AreaCode: '1' }, 20001],
    ['an SmsUrl that is no URL', { PhoneNumber: NUMBER, SmsUrl: 'x' }, 20001],
    ['an SmsMethod that is none', { PhoneNumber: NUMBER, SmsMethod: 'PUT' }, 20001],
    ['a name of 65 characters', { PhoneNumber: NUMBER, FriendlyName: 'x'.repeat(65) }, 20001],
    ['U+0000', { PhoneNumber: NUMBER, FriendlyName: '\u0000' }, 20001],
  ])('400: %s', async (_, form, code) => {
    expect(await sample.ask('POST', PATH, form as Record<string, string>)).toMatchObject({ status: 400, body: { code, status: 400 } });
    expect(await numbers().list()).toEqual([]);
  });
  it('400: the second time the same one', async () => {
    await numbers().create({ phoneNumber: NUMBER });
    await expect(numbers().create({ phoneNumber: NUMBER })).rejects.toMatchObject({ status: 400, code: 21422 });
  });
  it('404: for another account', async () => expect((await sample.ask('POST', PATH, { PhoneNumber: NUMBER }, STRANGER)).status).toBe(404));
});

describe('GET /2010-04-01/Accounts/{AC}/IncomingPhoneNumbers.json', () => {
  it('200: newest first, page by page, by number in part and by name', async () => {
    for (const n of [1, 2, 3]) await numbers().create({ phoneNumber: `+1555765000${n}`, friendlyName: `n${n % 2}` });
    const found = async (options: Parameters<ReturnType<typeof numbers>['list']>[0]) => (await numbers().list(options)).map(({ phoneNumber }) => phoneNumber.at(-1));
    expect(await found({ pageSize: 1 })).toEqual(['3', '2', '1']);
    expect(await found({ phoneNumber: '50002' })).toEqual(['2']);
    expect(await found({ phoneNumber: '%' })).toEqual([]);
    expect(await found({ friendlyName: 'n1', pageSize: 1 })).toEqual(['3', '1']);
  });
});

describe('/2010-04-01/Accounts/{AC}/IncomingPhoneNumbers/{PN}.json', () => {
  it('200: fetched as made; an update changes what it names only', async () => {
    const { sid } = await numbers().create({ phoneNumber: NUMBER, smsUrl: 'https://example.com/sms', friendlyName: 'Desk' });
    expect(await numbers()(sid).fetch()).toMatchObject({ sid, smsUrl: 'https://example.com/sms' });
    expect(await numbers()(sid).update({ voiceUrl: 'https://example.com/voice' })).toMatchObject({ smsUrl: 'https://example.com/sms', voiceUrl: 'https://example.com/voice', friendlyName: 'Desk' });
    expect(await numbers()(sid).update({ smsUrl: '' })).toMatchObject({ smsUrl: '', voiceUrl: 'https://example.com/voice' });
  });
  it('200: two updates at once both hold', async () => {
    const { sid } = await numbers().create({ phoneNumber: NUMBER });
    const changes = [{ smsUrl: 'https://example.com/sms' }, { voiceUrl: 'https://example.com/voice' }, { friendlyName: 'Desk' }, { statusCallback: 'https://example.com/status' }];
    await Promise.all(changes.map((change) => numbers()(sid).update(change)));
    expect(await numbers()(sid).fetch()).toMatchObject(Object.assign({}, ...changes) as object);
  });
  it('204: gone, and free again', async () => {
    const { sid } = await numbers().create({ phoneNumber: NUMBER });
    expect(await numbers()(sid).remove()).toBe(true);
    await expect(numbers()(sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
    await expect(numbers().create({ phoneNumber: NUMBER })).resolves.toBeDefined();
  });
  it('400: an update with a URL that is none changes nothing', async () => {
    const { sid } = await numbers().create({ phoneNumber: NUMBER, smsUrl: 'https://example.com/sms' });
    await expect(numbers()(sid).update({ friendlyName: 'x', smsUrl: 'nowhere' })).rejects.toMatchObject({ status: 400, code: 20001 });
    expect(await numbers()(sid).fetch()).toMatchObject({ friendlyName: NUMBER, smsUrl: 'https://example.com/sms' });
  });
  it.each(['GET', 'POST', 'DELETE'])('404: %s of what belongs to another account, or does not exist', async (method) => {
    const { sid } = await numbers().create({ phoneNumber: NUMBER });
    const own = `/2010-04-01/Accounts/${STRANGER}/IncomingPhoneNumbers`;
    for (const path of [`${own}/${sid}.json`, `${own}/PN${'0'.repeat(32)}.json`, `${own}/x.json`, `${own.replace(STRANGER, ACCOUNT)}/${sid}.json`])
      expect(await sample.ask(method, path, method === 'POST' ? { FriendlyName: 'mine' } : undefined, STRANGER)).toMatchObject({ status: 404, body: { code: 20404 } });
    expect(await numbers()(sid).fetch()).toMatchObject({ friendlyName: NUMBER });
  });
});
