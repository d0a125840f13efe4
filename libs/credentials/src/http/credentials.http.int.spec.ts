import 'reflect-metadata';
import { type PublicEvent, operatorMeta } from '@atelier/contracts';
import { type Database, newSid } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import { CREDENTIALS_MIGRATIONS } from '../credentials-config';
import { ACCOUNT, type SampleAnswer, type SampleApp, TOKEN, startSampleApp } from './sample-app';

let database: Database;
let app: SampleApp;
beforeAll(async () => {
  database = await testDatabase({ schema: 'credentials', migrations: CREDENTIALS_MIGRATIONS });
  app = await startSampleApp(database);
}, 120_000);
afterAll(async () => {
  await app?.close();
  await database?.close();
});

const told = async (work: () => Promise<unknown>) => (await app.events(work)).map(({ type, subject, meta }: PublicEvent) => [type, subject, (meta as { accountSid: string }).accountSid]);

const meta = operatorMeta(ACCOUNT, 'us1');
/** A subaccount, and what signs it in. */
const subaccount = async () => {
  const { sid, authToken } = await app.core.accounts.create('sub', meta);
  return { sid, auth: `${sid}:${authToken}` };
};
const keysPath = (account: string = ACCOUNT) => `/2010-04-01/Accounts/${account}/Keys`;

describe('401', () => {
  const KEYS_ROUTES = [
    ['GET', '/2010-04-01/Accounts.json', 'account.read-denied'], ['POST', '/2010-04-01/Accounts.json', 'account.create-denied'],
    ['GET', `/2010-04-01/Accounts/${ACCOUNT}.json`, 'account.read-denied'], ['POST', `/2010-04-01/Accounts/${ACCOUNT}.json`, 'account.update-denied'],
    ['GET', `${keysPath()}.json`, 'account-api-keys.read-denied'], ['POST', `${keysPath()}.json`, 'account-api-keys.create-denied'],
    ['POST', `/2010-04-01/Accounts/${ACCOUNT}/SigningKeys.json`, 'account-api-keys.create-denied'],
    ['DELETE', `${keysPath()}/SK${'1'.repeat(32)}.json`, 'account-api-keys.delete-denied'], ['POST', `${keysPath()}/SK${'1'.repeat(32)}.json`, 'account-api-keys.update-denied'],
    ['GET', `/v1/Keys?AccountSid=${ACCOUNT}`, 'account-api-keys.read-denied'], ['POST', '/v1/Keys', 'account-api-keys.create-denied'],
    ['DELETE', `/v1/Keys/SK${'1'.repeat(32)}`, 'account-api-keys.delete-denied'],
  ] as const;

  it.each(KEYS_ROUTES)('20003 invalid username for a Standard key: %s %s, and the attempt is recorded with the key', async (method, path, type) => {
    const key = await app.core.keys.create('standard', meta);
    let answer: SampleAnswer | undefined;
    const events = await app.events(async () => (answer = await app.ask(method, path, undefined, { auth: `${key.sid}:${key.secret}` })));
    expect(answer).toMatchObject({ status: 401, body: { code: 20003, message: 'Authentication Error - invalid username' } });
    expect(events).toMatchObject([{ type, meta: { accountSid: ACCOUNT, credentialSid: key.sid, sourceIp: '127.0.0.1' }, data: { resource_properties: {} } }]);
  });

  it('20003 for wrong, deleted and unknown credentials, which leave nothing behind', async () => {
    const { sid, secret } = await app.core.keys.create('x', meta);
    await app.core.keys.delete(sid, meta);
    const pairs = [`${ACCOUNT}:${'0'.repeat(32)}`, `${sid}:${secret}`, `${newSid('AC')}:${TOKEN}`, `${ACCOUNT}:`, 'nobody:x', `${ACCOUNT}:\u0000`];
    const events = await app.events(async () => {
      for (const auth of pairs) expect(await app.ask('GET', `${keysPath()}.json`, undefined, { auth })).toMatchObject({ status: 401, body: { code: 20003, message: 'Authenticate' } });
    });
    expect(events).toEqual([]);
  });

  it('20003 for an AccountSid in IAM that is not of the credential, and the attempt is recorded', async () => {
    const { sid } = await subaccount();
    expect(await told(async () => {
      expect(await app.ask('POST', '/v1/Keys', { AccountSid: sid })).toMatchObject({ status: 401, body: { code: 20003, message: 'Authenticate' } });
      expect(await app.ask('GET', `/v1/Keys?AccountSid=${sid}`)).toMatchObject({ status: 401 });
    })).toEqual([['account-api-keys.create-denied', sid, ACCOUNT], ['account-api-keys.read-denied', sid, ACCOUNT]]);
  });

  it('on every route for somebody without credentials', async () => expect(await app.unguarded()).toEqual([]));
});

describe('403', () => {
  it('for a subaccount that wants subaccounts', async () => {
    const { auth } = await subaccount();
    expect(await app.ask('POST', '/2010-04-01/Accounts.json', {}, { auth })).toMatchObject({ status: 403, body: { code: 20003 } });
  });
});

describe('404', () => {
  it("for another account's keys and account, whatever is asked; nothing changes, and each attempt is recorded with who tried", async () => {
    const [one, two] = [await subaccount(), await subaccount()];
    const { sid: key } = await app.core.keys.create('theirs', { ...meta, accountSid: one.sid });
    const { auth } = two;
    const events = await told(async () => {
      for (const [method, path] of [
        ['GET', `${keysPath(one.sid)}.json`], ['POST', `${keysPath(one.sid)}.json`], ['DELETE', `${keysPath(one.sid)}/${key}.json`], ['GET', `/2010-04-01/Accounts/${one.sid}.json`],
        ['POST', `/2010-04-01/Accounts/${one.sid}.json`], ['DELETE', `${keysPath(two.sid)}/${key}.json`], ['POST', `/v1/Keys/${key}`], ['GET', `/v1/Keys/${key}`],
      ] as const) expect(await app.ask(method, path, method === 'POST' ? { FriendlyName: 'x' } : undefined, { auth })).toMatchObject({ status: 404, body: { code: 20404 } });
    });
    expect(events).toEqual([
      ['account-api-keys.read-denied', one.sid, two.sid], ['account-api-keys.create-denied', one.sid, two.sid], ['account-api-keys.delete-denied', key, two.sid],
      ['account.read-denied', one.sid, two.sid], ['account.update-denied', one.sid, two.sid], ['account-api-keys.delete-denied', key, two.sid], ['account-api-keys.update-denied', key, two.sid],
    ]);
    expect(await app.core.tables.key(one.sid, key)).toMatchObject({ friendly_name: 'theirs' });
  });

  it('for what does not exist or is no identifier', async () => {
    const paths = [`${keysPath()}/${newSid('SK')}.json`, `${keysPath()}/SKx.json`, `${keysPath()}/${ACCOUNT}.json`, `${keysPath('ACx')}.json`, `/2010-04-01/Accounts/${newSid('AC')}.json`, `/v1/Keys/${newSid('SK')}`, '/v1/Keys/%00'];
    for (const path of paths) for (const method of ['GET', 'POST']) expect(await app.ask(method, path)).toMatchObject({ status: 404, body: { code: 20404 } });
  });
});

describe('409', () => {
  it('for changes of a closed account and of its keys, which stay as they were', async () => {
    const { sid } = await subaccount();
    const { sid: key } = await app.core.keys.create('kept', { ...meta, accountSid: sid });
    await app.ask('POST', `/2010-04-01/Accounts/${sid}.json`, { Status: 'closed' });
    const events = await app.events(async () => {
      for (const [method, path] of [['POST', `${keysPath(sid)}.json`], ['POST', `${keysPath(sid)}/${key}.json`], ['DELETE', `${keysPath(sid)}/${key}.json`], ['POST', `/2010-04-01/Accounts/${sid}.json`]] as const)
        expect(await app.ask(method, path, method === 'POST' ? { FriendlyName: 'x' } : undefined)).toMatchObject({ status: 409, body: { code: 20409, message: `Account ${sid} is closed` } });
    });
    expect(events).toEqual([]);
    expect((await app.ask('GET', `${keysPath(sid)}.json`)).body['keys']).toMatchObject([{ sid: key, friendly_name: 'kept' }]);
  });
});

describe('400', () => {
  const NAME = `${keysPath()}.json`;
  it.each([
    ['a name of more than 64 characters', NAME, { FriendlyName: 'x'.repeat(65) }, 'Invalid parameter FriendlyName: must have at most 64 characters'],
    ['U+0000', NAME, { FriendlyName: 'a\u0000b' }, 'Invalid parameter FriendlyName: must not contain U+0000 or a lone surrogate'],
    ['an account name that is too long', '/2010-04-01/Accounts.json', { FriendlyName: 'x'.repeat(65) }, 'Invalid parameter FriendlyName: must have at most 64 characters'],
    ['an unknown status', `/2010-04-01/Accounts/${ACCOUNT}.json`, { Status: 'deleted' }, 'Invalid parameter Status: expected active, suspended or closed'],
    ['the status of the own account', `/2010-04-01/Accounts/${ACCOUNT}.json`, { Status: 'closed' }, 'Invalid parameter Status: only that of a subaccount can be changed, by its owner'],
    ['IAM without an account', '/v1/Keys', {}, 'Missing required parameter AccountSid in the post body'],
    ['IAM with another identifier', '/v1/Keys', { AccountSid: 'SKx' }, 'Invalid parameter AccountSid: expected an account identifier'],
    ['a restricted key', '/v1/Keys', { AccountSid: ACCOUNT, KeyType: 'restricted' }, 'Invalid parameter KeyType: restricted keys cannot be created here'],
    ['a policy', '/v1/Keys', { AccountSid: ACCOUNT, Policy: '{}' }, 'Invalid parameter Policy: only a restricted key has one'],
  ] as const)('for %s, and nothing is made', async (_, path, form, message) => {
    const events = await app.events(async () => expect(await app.ask('POST', path, form)).toMatchObject({ status: 400, body: { code: 20001, message } }));
    expect(events).toEqual([]);
  });

  it.each([{ FriendlyName: 7 }, { FriendlyName: ['a', 'b'] }, { FriendlyName: { a: 1 } }, { FriendlyName: '\ud800' }, { FriendlyName: null }])('for JSON of another type: %j', async (form) => {
    expect(await app.ask('POST', NAME, form, { type: 'application/json' })).toMatchObject({ status: 400, body: { code: 20001 } });
  });

  it('for page sizes, tokens and filters that are none', async () => {
    for (const query of ['PageSize=0', 'PageSize=x', 'PageToken=x', 'Page=-1'])
      for (const path of [`${keysPath()}.json?${query}`, `/2010-04-01/Accounts.json?${query}`, `/v1/Keys?AccountSid=${ACCOUNT}&${query}`])
        expect(await app.ask('GET', path)).toMatchObject({ status: 400, body: { code: 20001 } });
    expect(await app.ask('GET', '/2010-04-01/Accounts.json?Status=gone')).toMatchObject({ status: 400 });
  });
});

describe('500', () => {
  // What PostgreSQL says of a row that it refuses may hold the row.
  it('where the store refuses: neither the answer nor the log holds a secret, and nothing is left behind', async () => {
    const { sid, auth } = await subaccount();
    await database.query('alter table secret add constraint refused check (false) not valid');
    let answers: readonly SampleAnswer[] = [];
    const events = await app.events(async () => {
      answers = [await app.ask('POST', `${keysPath(sid)}.json`, { FriendlyName: 'x' }, { auth }), await app.ask('POST', '/2010-04-01/Accounts.json')];
    }).finally(() => database.query('alter table secret drop constraint refused'));
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual([[500, 20500], [500, 20500]]);
    expect(events).toEqual([]);
    expect(app.logged()).toContain('violates check constraint');
    for (const text of [app.logged(), ...answers.map((answer) => answer.text)]) expect(text).not.toMatch(/\b(?!RQ|AC|SK)[0-9A-Za-z]{32}\b/);
    for (const secret of [TOKEN, auth.slice(35)]) expect(app.logged()).not.toContain(secret);
  });
});
