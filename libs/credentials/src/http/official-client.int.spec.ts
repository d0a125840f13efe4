import 'reflect-metadata';
import type { AccountSid } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
import { officialClient, refusalOf, testDatabase } from '@atelier/testing';
import type { Twilio } from 'twilio';
import { CREDENTIALS_MIGRATIONS } from '../credentials-config';
import { ACCOUNT, type SampleApp, TOKEN, startSampleApp } from './sample-app';

let database: Database;
let app: SampleApp;
let client: Twilio;
beforeAll(async () => {
  database = await testDatabase({ schema: 'credentials', migrations: CREDENTIALS_MIGRATIONS });
  app = await startSampleApp(database);
  client = clientOf(ACCOUNT, TOKEN);
}, 120_000);
afterAll(async () => {
  await app?.close();
  await database?.close();
});

const clientOf = (user: string, secret: string, accountSid: string = ACCOUNT): Twilio => officialClient(app.url, user, secret, accountSid);

/** A subaccount with its own client. */
const subaccount = async (friendlyName = 'sub') => {
  const { sid, authToken } = await client.api.accounts.create({ friendlyName });
  return { sid: sid as AccountSid, authToken, client: clientOf(sid, authToken, sid) };
};
const keysPath = (account: string = ACCOUNT) => `/2010-04-01/Accounts/${account}/Keys`;
const RFC_2822 = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000$/;
const NAMES = ['Keys', 'SigningKeys'] as const;

describe('the official client', () => {
  it('creates, reads, renames and deletes a key, which works from the first moment to the last', async () => {
    const made = await client.newKeys.create({ friendlyName: 'mine' });
    expect(made.secret).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(await app.core.check.check(made.sid, made.secret)).toEqual({ accountSid: ACCOUNT, kind: 'standard-key', credentialSid: made.sid });
    const fetched = await client.keys(made.sid).fetch();
    expect(fetched).toMatchObject({ sid: made.sid, friendlyName: 'mine' });
    expect(fetched.dateCreated).toBeInstanceOf(Date);
    expect((await client.keys(made.sid).update({ friendlyName: 'renamed' })).friendlyName).toBe('renamed');
    expect(await client.keys(made.sid).remove()).toBe(true);
    expect(await app.core.check.check(made.sid, made.secret)).toBeUndefined();
    expect(await refusalOf(client.keys(made.sid).fetch())).toMatchObject({ status: 404, code: 20404, message: `The requested resource ${keysPath()}/${made.sid}.json was not found` });
  });

  it('does the same under the older name and through IAM: they are the same keys', async () => {
    const signing = await client.newSigningKeys.create({ friendlyName: 'signing' });
    const iam = await client.iam.v1.newApiKey.create({ accountSid: ACCOUNT, friendlyName: 'iam' });
    for (const each of [signing, iam]) expect(await app.core.check.check(each.sid, each.secret)).toBeDefined();
    expect(iam.policy).toBeNull();
    expect(iam.dateCreated).toBeInstanceOf(Date);
    const lists = await Promise.all([client.keys.list(), client.signingKeys.list(), client.iam.v1.getApiKeys.list({ accountSid: ACCOUNT })]);
    for (const list of lists) expect(list.map(({ sid }) => sid)).toEqual(expect.arrayContaining([signing.sid, iam.sid]));
    expect(lists[2]?.[0]?.flags).toEqual(['rest_api', 'signing']);
    expect((await client.iam.v1.apiKey(signing.sid).update({ friendlyName: 'second' })).friendlyName).toBe('second');
    expect((await client.signingKeys(iam.sid).update({ friendlyName: 'third' })).friendlyName).toBe('third');
    expect((await client.iam.v1.apiKey(iam.sid).fetch()).friendlyName).toBe('third');
    expect(await client.iam.v1.apiKey(signing.sid).remove()).toBe(true);
    expect(await client.signingKeys(iam.sid).remove()).toBe(true);
  });

  it('follows pages of keys, the last changed first, none twice and none missing', async () => {
    const { client: own } = await subaccount();
    const made: string[] = [];
    for (let i = 0; i < 7; i++) made.push((await own.newKeys.create({ friendlyName: `key ${i}` })).sid);
    await own.keys(made[2] ?? '').update({ friendlyName: 'changed' });
    const expected = [made[2], ...[...made].reverse().filter((sid) => sid !== made[2])];
    expect((await own.keys.list({ pageSize: 3 })).map(({ sid }) => sid)).toEqual(expected);
    expect((await own.keys.list({ limit: 4, pageSize: 1 })).map(({ sid }) => sid)).toEqual(expected.slice(0, 4));
  });

  it('manages subaccounts: creates, lists by name and status, renames, suspends, reactivates, closes', async () => {
    const { sid, authToken, client: own } = await subaccount('managed');
    expect(authToken).toMatch(/^[0-9a-f]{32}$/);
    expect(await own.api.accounts(sid).fetch()).toMatchObject({ sid, ownerAccountSid: ACCOUNT, friendlyName: 'managed', status: 'active', type: 'Full', authToken: null });
    expect((await client.api.accounts.list({ friendlyName: 'managed' })).map((each) => each.sid)).toEqual([sid]);
    expect((await client.api.accounts.list()).map((each) => each.sid)).toEqual(expect.arrayContaining([sid, ACCOUNT]));
    expect((await own.api.accounts.list()).map((each) => each.sid)).toEqual([sid]);
    expect((await client.api.accounts(sid).update({ friendlyName: 'again', status: 'suspended' }))).toMatchObject({ friendlyName: 'again', status: 'suspended' });
    expect(await refusalOf(own.api.accounts(sid).fetch())).toMatchObject({ status: 401, code: 20003 });
    expect((await client.api.accounts.list({ status: 'suspended' })).map((each) => each.sid)).toEqual([sid]);
    await client.api.accounts(sid).update({ status: 'active' });
    expect((await own.api.accounts(sid).fetch()).status).toBe('active');
    await client.api.accounts(sid).update({ status: 'closed' });
    expect(await refusalOf(client.api.accounts(sid).update({ status: 'active' }))).toMatchObject({ status: 409, code: 20409 });
  });

  it("acts for a subaccount with its owner's token, and the subaccount's records say so", async () => {
    const { sid, client: own } = await subaccount();
    const acting = clientOf(ACCOUNT, TOKEN, sid);
    const made = await acting.newKeys.create({ friendlyName: 'by the owner' });
    expect((await own.keys.list()).map((key) => key.sid)).toEqual([made.sid]);
    expect(await app.core.check.check(made.sid, made.secret)).toMatchObject({ accountSid: sid });
    const [event] = await app.events(() => acting.keys(made.sid).remove());
    expect(event).toMatchObject({ type: 'account-api-keys.deleted', meta: { accountSid: sid, actorSid: ACCOUNT, source: 'api', sourceIp: '127.0.0.1' } });
  });

  it('makes a profile as twilio-cli does: looks at the account with its token, makes a key, and works with it', async () => {
    await client.api.accounts(ACCOUNT).fetch();
    const { sid, secret } = await client.newKeys.create({ friendlyName: 'twilio-cli for somebody on somewhere' });
    expect(await refusalOf(clientOf(sid, secret).api.accounts(ACCOUNT).fetch())).toMatchObject({ status: 401, message: 'Authentication Error - invalid username' });
    expect(await app.core.check.check(sid, secret)).toMatchObject({ kind: 'standard-key' });
  });

  it('finds the Studio API Key in the list, may rename it, and deletes it: the next use has a new one', async () => {
    const { sid, client: own } = await subaccount();
    const key = await app.core.studioKey.ensure(sid, {});
    expect((await own.keys.list()).map((each) => [each.sid, each.friendlyName])).toEqual([[key.sid, 'Studio API Key']]);
    expect((await own.keys(key.sid).update({ friendlyName: 'mine' })).friendlyName).toBe('mine');
    expect(await app.core.studioKey.ensure(sid, {})).toEqual(key);
    await own.keys(key.sid).remove();
    const fresh = await app.core.studioKey.ensure(sid, {});
    expect((await own.keys.list()).map((each) => each.sid)).toEqual([fresh.sid]);
    expect(fresh.sid).not.toBe(key.sid);
  });
});

describe('the resources', () => {
  it.each(NAMES)('of %s are those of the reference: RFC 2822 dates, relative URIs, the secret once', async (name) => {
    const { sid: account, authToken } = await subaccount();
    const ask = (method: string, path: string, form?: Record<string, string>) => app.ask(method, `/2010-04-01/Accounts/${account}/${path}`, form, { auth: `${account}:${authToken}` });
    const created = await ask('POST', `${name}.json`, { FriendlyName: 'a key' });
    const date = expect.stringMatching(RFC_2822) as string;
    const sid = created.body['sid'];
    expect([created.status, created.body]).toEqual([201, { sid: expect.stringMatching(/^SK[0-9a-f]{32}$/) as string, friendly_name: 'a key', date_created: date, date_updated: date, secret: expect.stringMatching(/^\w{32}$/) as string }]);
    const resource = { sid, friendly_name: 'a key', date_created: date, date_updated: date };
    const listed = await ask('GET', `${name}.json?PageSize=2`);
    const fetched = await ask('GET', `${name}/${String(sid)}.json`);
    expect([fetched.status, fetched.body]).toEqual([200, resource]);
    const updated = await ask('POST', `${name}/${String(sid)}.json`, { FriendlyName: 'b' });
    expect([updated.status, updated.body]).toEqual([200, { ...resource, friendly_name: 'b' }]);
    const uri = `/2010-04-01/Accounts/${account}/${name}.json?PageSize=2&Page=0`;
    expect([listed.status, listed.body]).toEqual([
      200,
      { [name === 'Keys' ? 'keys' : 'signing_keys']: [resource], page: 0, page_size: 2, start: 0, end: 0, first_page_uri: uri, uri, next_page_uri: null, previous_page_uri: null },
    ]);
    expect([(await ask('DELETE', `${name}/${String(sid)}.json`)).text, (await ask('DELETE', `${name}/${String(sid)}.json`)).status]).toEqual(['', 404]);
    for (const { text } of [listed, fetched, updated]) expect(text).not.toContain(created.body['secret']);
  });

  it('of an account name it, its owner and where its keys are; the token is in the first answer only', async () => {
    const created = await app.ask('POST', '/2010-04-01/Accounts.json', { FriendlyName: 'shown' });
    const { auth_token: token, sid } = created.body as { auth_token: string; sid: string };
    const date = expect.stringMatching(RFC_2822) as string;
    const path = `/2010-04-01/Accounts/${sid}`;
    const resource = {
      sid, owner_account_sid: ACCOUNT, friendly_name: 'shown', status: 'active', type: 'Full', date_created: date, date_updated: date,
      uri: `${path}.json`, subresource_uris: { keys: `${path}/Keys.json`, signing_keys: `${path}/SigningKeys.json` },
    };
    expect([created.status, created.body]).toEqual([201, { ...resource, auth_token: token }]);
    const later = [await app.ask('GET', `${path}.json`), await app.ask('GET', '/2010-04-01/Accounts.json'), await app.ask('POST', `${path}.json`, { Status: 'suspended' })];
    expect(later[0]?.body).toEqual({ ...resource, auth_token: null });
    for (const { text } of later) expect(text).not.toContain(token);
  });

  it('of IAM carry absolute page URLs that repeat the account', async () => {
    for (let i = 0; i < 2; i++) await client.newKeys.create();
    const { body } = await app.ask('GET', `/v1/Keys?AccountSid=${ACCOUNT}&PageSize=1`);
    expect(body['meta']).toMatchObject({ key: 'keys', page_size: 1, next_page_url: expect.stringContaining(`${app.url}/v1/Keys?AccountSid=${ACCOUNT}&PageSize=1&Page=1&PageToken=`) as string });
  });
});

describe('names', () => {
  it('may hold whatever people write, and be missing', async () => {
    for (const friendlyName of ["Robert'); drop table secret;--", '😀 ä €', '<b>', 'x'.repeat(64), '']) {
      const { sid } = await client.newKeys.create({ friendlyName });
      expect((await client.keys(sid).fetch()).friendlyName).toBe(friendlyName);
    }
    expect((await client.newKeys.create()).friendlyName).toBe('');
  });
});
