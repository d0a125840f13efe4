import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestedProduct, endProduct, eventually, newDataDir, startProduct } from '@atelier/testing';
import twilio from 'twilio';
import { FLOW_NUMBER, type SampleAccount, clientAs, heard, lookInto, oneMessage, subaccountOf } from './sample-accounts';
import { clientOf, deliver, failureOf, readTopic, rest } from './sample-client';
import { flowOf } from './sample-flows';

const REMEMBERED_MS = 5_000; // services apart ask credentials-service again after 4 s, whatever the bus does
const PATIENCE_MS = 20_000; // for a busy machine
const dataDir = newDataDir('e2e');

let atelier: TestedProduct;
let account: SampleAccount;
/** Every secret that was handed out: none of them may stand anywhere. */
const secrets: string[] = [];
beforeAll(async () => {
  atelier = await startProduct({ dataDir, settings: { ATELIER_LOG_LEVEL: 'debug', ATELIER_OUTBOUND_PRIVATE_NETWORKS: 'allowed' } });
  account = await subaccountOf(atelier);
  secrets.push(atelier.authToken, account.authToken, atelier.internal.token);
}, 90_000);
afterAll(() => endProduct(atelier), 30_000);

const madeKey = async (friendlyName = 'mine') => {
  const { sid, secret } = await account.client.newKeys.create({ friendlyName });
  secrets.push(secret);
  return { sid, secret, client: clientAs(account, sid, secret) };
};

describe('a Standard key', () => {
  it('may do everything but accounts and keys, where it is refused in the documented words', async () => {
    const { client } = await madeKey();
    expect(await client.studio.v2.flows.list()).toEqual([]);
    expect(await client.monitor.v1.events.list({ limit: 1 })).toHaveLength(1);
    const refused = { status: 401, code: 20003, message: 'Authentication Error - invalid username' };
    const forbidden = [
      client.keys.list(), client.signingKeys.list(), client.newKeys.create(), client.iam.v1.getApiKeys.list({ accountSid: account.accountSid }), client.iam.v1.newApiKey.create({ accountSid: account.accountSid }),
      client.api.accounts.list(), client.api.accounts(account.accountSid).fetch(), client.api.accounts.create(), client.api.accounts(account.accountSid).update({ friendlyName: 'x' }),
    ];
    for (const call of forbidden) expect(await failureOf(call)).toMatchObject(refused);
    expect(await failureOf(account.client.iam.v1.newApiKey.create({ accountSid: account.accountSid, keyType: 'restricted', policy: { allow: [] } }))).toMatchObject({ status: 400, code: 20001 });
  }, 40_000);

  it('that was deleted is refused from the next request on; by services apart, once the bus has told them, and within the time for which they remember at the latest', async () => {
    const { sid, client } = await madeKey();
    await client.studio.v2.flows.list();
    await account.client.keys(sid).remove();
    if (atelier.isCluster) await eventually('the bus has told the other services', () => client.studio.v2.flows.list().then(() => false, () => true), REMEMBERED_MS);
    expect(await failureOf(client.studio.v2.flows.list())).toMatchObject({ status: 401, code: 20003, message: 'Authenticate' });
    expect(await failureOf(client.messages.create({ to: '+15550001234', from: FLOW_NUMBER, body: 'x' }))).toMatchObject({ status: 401, code: 20003 });
  }, 40_000);

  it('is made by twilio-cli’s profile: it looks at the account with the token, makes a key, and works with that', async () => {
    await account.client.api.accounts(account.accountSid).fetch();
    const { client } = await madeKey('twilio-cli for somebody on somewhere');
    expect(await client.studio.v2.flows.list()).toEqual([]);
  }, 40_000);
});

describe('credentials', () => {
  it('of one account are worth nothing in another; the owner’s reach the accounts and keys of its subaccounts, not their flows', async () => {
    const other = await subaccountOf(atelier);
    secrets.push(other.authToken);
    for (const call of [clientAs(other, account.accountSid, account.authToken).keys.list(), account.client.api.accounts(other.accountSid).fetch()]) expect(await failureOf(call)).toMatchObject({ status: 404, code: 20404 });
    const { sid } = await other.client.studio.v2.flows.create({ friendlyName: 'theirs', status: 'draft', definition: oneMessage });
    for (const stranger of [account.client, clientOf(atelier)]) expect(await failureOf(stranger.studio.v2.flows(sid).fetch())).toMatchObject({ status: 404, code: 20404 });
    expect(await clientAs(other, atelier.accountSid, atelier.authToken).keys.list()).toEqual([]);
  }, 40_000);

  it.each([
    ['none', undefined, 'Authentication Error - No credentials provided'],
    ['another scheme', (token: string) => `Bearer ${token}`, 'Authentication Error - No credentials provided'],
    ['what is not base64', () => 'Basic !', 'Authentication Error - No credentials provided'],
    ['an empty password', (_: string, sid: string) => basic(`${sid}:`), 'Authenticate'],
    ['no password', (_: string, sid: string) => basic(sid), 'Authenticate'],
    ['an account in lower case', (token: string, sid: string) => basic(`${sid.toLowerCase()}:${token}`), 'Authenticate'],
    ['a token with more behind it', (token: string, sid: string) => basic(`${sid}:${token}:x`), 'Authenticate'],
  ] as const)('are refused with 401 and 20003: %s', async (_, header, message) => {
    const headers = header && { authorization: header(account.authToken, account.accountSid) };
    for (const path of ['/v2/Flows', '/v1/Events', `/2010-04-01/Accounts/${account.accountSid}/Keys.json`, `/2010-04-01/Accounts/${account.accountSid}/Messages.json`, '/atelier/v1/Topics/atelier.audit.events/Records']) {
      const answer = await fetch(account.url + path, { ...(headers && { headers }) });
      expect([answer.status, await answer.json()]).toEqual([401, { code: 20003, message, more_info: 'https://www.twilio.com/docs/errors/20003', status: 401 }]);
    }
  });

  it('of services open the internal routes, those of accounts do not', async () => {
    const routes = ['authenticate', 'signing-token', 'studio-key'];
    const body = { account_sid: account.accountSid, user: account.accountSid, secret: account.authToken };
    const asked = (authorization: string) => Promise.all(routes.map(async (route) => (await rest({ ...account, url: atelier.internal.url }, 'POST', `/internal/v1/${route}`, body, { authorization })).status));
    expect(await asked(`Bearer ${atelier.internal.token}`)).toEqual([200, 200, 200]);
    for (const authorization of ['', 'Bearer ', `Bearer ${atelier.internal.token}x`, basic(`${atelier.accountSid}:${atelier.authToken}`)]) expect(await asked(authorization)).toEqual([401, 401, 401]);
  }, 40_000);
});

describe('a signature', () => {
  const form = (n: number) => ({ MessageSid: `SM${n.toString(16).padStart(32, '0')}`, From: '+15550009999', To: FLOW_NUMBER, Body: 'é <&>', Zone: '1' });
  const expected = twilio.getExpectedTwilioSignature;

  it('of the auth token lets a webhook in; of a key, of another account, over something else or of a suspended account it does not', async () => {
    const other = await subaccountOf(atelier);
    secrets.push(other.authToken);
    const { sid } = await other.client.studio.v2.flows.create({ friendlyName: 'signed', status: 'published', definition: oneMessage });
    const key = await madeKey();
    const url = `${other.url}/v1/Accounts/${other.accountSid}/Flows/${sid}`;
    const post = async (at: string, signature: string, body: string | URLSearchParams) => {
      const type = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
      return (await fetch(at, { method: 'POST', headers: { 'x-twilio-signature': signature, ...type }, body })).status;
    };
    const arrays = new URLSearchParams([...Object.entries(form(2)), ['MediaUrl', 'https://b'], ['MediaUrl', 'https://a']]);
    const json = JSON.stringify(form(3));
    const hashed = `${url}?bodySHA256=${createHash('sha256').update(json).digest('hex')}`;
    const { authToken: token } = other;
    expect({
      form: await post(url, expected(token, url, form(1)), new URLSearchParams(form(1))),
      arrays: await post(url, expected(token, url, { ...form(2), MediaUrl: ['https://a', 'https://b'] }), arrays),
      json: await post(hashed, expected(token, hashed, {}), json),
    }).toEqual({ form: 200, arrays: 200, json: 200 });
    const refused = [
      await post(url, expected(key.secret, url, form(4)), new URLSearchParams(form(4))), await post(url, expected(account.authToken, url, form(4)), new URLSearchParams(form(4))),
      await post(url, expected(token, url, form(4)), new URLSearchParams({ ...form(4), Body: 'altered' })), await post(`${url}?x=1`, expected(token, url, form(4)), new URLSearchParams(form(4))),
      await post(hashed, expected(token, hashed, {}), json.replace('Zone', 'Gone')), await post(url, expected(token, url, {}), json), await post(url, '', new URLSearchParams(form(4))),
    ];
    expect(refused).toEqual(refused.map(() => 403));
    await clientOf(atelier).api.accounts(other.accountSid).update({ status: 'suspended' });
    await eventually('its webhook is not there', async () => (await deliver(other, sid, form(5))).status === 404, atelier.isCluster ? REMEMBERED_MS : 1_000);
  }, 40_000);

  it('stands on what the HTTP widget sends, with the hash of a JSON body, as the official client checks it', async () => {
    const seen: boolean[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const url = `http://127.0.0.1:${portOf(server)}${request.url}`;
        seen.push(twilio.validateRequestWithBody(account.authToken, String(request.headers['x-twilio-signature']), url, Buffer.concat(chunks).toString()));
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const calls = flowOf({
      name: 'call',
      type: 'make-http-request',
      transitions: [{ event: 'success' }, { event: 'failed' }],
      properties: { offset: { x: 0, y: 0 }, method: 'POST', content_type: 'application/json;charset=utf-8', url: `http://127.0.0.1:${portOf(server)}/hook?a=b%20c`, body: '{"to":"{{contact.channel.address}}"}' },
    });
    const { sid } = await account.client.studio.v2.flows.create({ friendlyName: 'calls', status: 'published', definition: calls });
    await account.client.studio.v2.flows(sid).executions.create({ to: '+15550008888', from: FLOW_NUMBER });
    await eventually('the call', () => seen.length > 0, PATIENCE_MS).finally(() => server.close());
    expect(seen).toEqual([true]);
  }, 40_000);
});

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

describe('secrets', () => {
  it('stand nowhere in clear after all this: not in the database, the log, the topics or any list', async () => {
    const flow = await account.client.studio.v2.flows.create({ friendlyName: 'run', status: 'published', definition: oneMessage });
    await account.client.studio.v2.flows(flow.sid).executions.create({ to: '+15550004321', from: FLOW_NUMBER });
    await eventually('the message', async () => (await heard(account, '+15550004321')).length === 1, PATIENCE_MS);
    const studioKey = await rest({ ...account, url: atelier.internal.url }, 'POST', '/internal/v1/studio-key', { account_sid: account.accountSid }, { authorization: `Bearer ${atelier.internal.token}` });
    secrets.push(String(studioKey.body['secret']));
    expect(secrets.length).toBeGreaterThan(8);
    expect(secrets.every((secret) => /^[0-9A-Za-z]{32,}$/.test(secret))).toBe(true);
    const records = (await account.client.monitor.v1.events.list({ pageSize: 1_000 })).map((event) => JSON.stringify(event)).join('\n');
    const topics = await Promise.all(['flows', 'executions', 'credentials', 'audit'].map((name) => readTopic(account, `atelier.${name}.events`)));
    expect(records).toContain('[REDACTED]');
    expect(topics.every((topic) => topic.records.length > 0)).toBe(true);
    const databases = new Set((['flows', 'executions', 'credentials', 'audit', 'carrier'] as const).map(atelier.databaseUrl));
    const stored = await Promise.all([...databases].map((url) => lookInto(url, async (database) => {
      const { rows: tables } = await database.query<{ name: string }>(
        `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
      );
      const texts = [];
      for (const { name } of tables) texts.push(...(await database.query<{ row: string }>(`select t::text as row from ${name} t`)).rows.map(({ row }) => `${name} ${row}`));
      return texts;
    }))).then((each) => each.flat());
    expect(stored.some((row) => row.startsWith('credentials.secret '))).toBe(true);
    expect(stored.some((row) => row.includes(account.accountSid))).toBe(true);
    const places = { log: atelier.output(), databaseLog: readFileSync(join(atelier.dataDir, 'postgres.log'), 'utf8'), records, topics: JSON.stringify(topics), database: stored.join('\n') };
    for (const [place, text] of Object.entries(places))
      for (const secret of secrets) for (const form of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64').slice(0, 40)]) expect([place, text.includes(form)]).toEqual([place, false]);
  }, 60_000);
});

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
