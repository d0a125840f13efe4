import 'reflect-metadata';
import { operatorMeta } from '@atelier/contracts';
import { type Database, newSid } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import { CREDENTIALS_MIGRATIONS } from '../credentials-config';
import { ACCOUNT, INTERNAL, type SampleApp, TOKEN, startSampleApp } from './sample-app';

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

const ask = async (route: string, body: object, authorization: string | undefined = `Bearer ${INTERNAL}`) => {
  const headers = { 'content-type': 'application/json', ...(authorization !== '' && { authorization }) };
  const answer = await fetch(`${app.url}/internal/v1/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, cache: answer.headers.get('cache-control'), body: (await answer.json()) as Record<string, unknown> };
};

describe('another service of the installation', () => {
  it('learns whose a pair of user name and secret is', async () => {
    const key = await app.core.keys.create('x', operatorMeta(ACCOUNT, 'us1'));
    expect(await ask('authenticate', { user: ACCOUNT, secret: TOKEN })).toEqual({ status: 200, cache: 'no-store', body: { account_sid: ACCOUNT, credential_sid: null, kind: 'auth-token' } });
    expect((await ask('authenticate', { user: key.sid, secret: key.secret })).body).toEqual({ account_sid: ACCOUNT, credential_sid: key.sid, kind: 'standard-key' });
    for (const [user, secret] of [[ACCOUNT, 'wrong'], [newSid('SK'), key.secret], ['x', 'y'], ['', '']] as const)
      expect(await ask('authenticate', { user, secret })).toMatchObject({ status: 401, body: { code: 20003 } });
  });

  it('gets the token that signs, none for an unknown account; that it left is recorded once', async () => {
    const unknown = newSid('AC');
    const events = await app.events(async () => {
      for (let i = 0; i < 3; i++) expect(await ask('signing-token', { account_sid: ACCOUNT })).toEqual({ status: 200, cache: 'no-store', body: { tokens: [TOKEN] } });
      expect((await ask('signing-token', { account_sid: unknown })).body).toEqual({ tokens: [] });
    });
    expect(events).toMatchObject([{ type: 'account-auth-token.secret-read', subject: ACCOUNT, data: { resource_properties: {} } }]);
    expect(JSON.stringify(events)).not.toContain(TOKEN);
  });

  it('gets the Studio API Key, made for its execution; a refused one that exists is not replaced, one that is gone is', async () => {
    const execution = newSid('FN');
    const made = await app.events(() => ask('studio-key', { account_sid: ACCOUNT, execution_sid: execution }));
    expect(made.map(({ type }) => type)).toEqual(['account-api-keys.created', 'account-api-keys.secret-read']);
    for (const { meta } of made) expect(meta).toMatchObject({ executionSid: execution, source: 'twilio' });
    const { body: key } = await ask('studio-key', { account_sid: ACCOUNT });
    expect(await app.core.check.check(String(key['sid']), String(key['secret']))).toMatchObject({ accountSid: ACCOUNT });
    expect((await ask('studio-key', { account_sid: ACCOUNT, refused_sid: key['sid'] })).body).toEqual({ sid: null, secret: null });
    await app.core.keys.delete(key['sid'] as `SK${string}`, operatorMeta(ACCOUNT, 'us1'));
    const { body: fresh } = await ask('studio-key', { account_sid: ACCOUNT, refused_sid: key['sid'] });
    expect(fresh['sid']).toMatch(/^SK[0-9a-f]{32}$/);
    expect(fresh['sid']).not.toBe(key['sid']);
  });
});

describe('anybody else', () => {
  const ROUTES = ['authenticate', 'signing-token', 'studio-key'];

  it('gets 401 and nothing: no token, a wrong one, the credentials of an account', async () => {
    const basic = `Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString('base64')}`;
    for (const route of ROUTES)
      for (const authorization of ['', 'Bearer ', `Bearer ${INTERNAL}x`, INTERNAL, basic]) {
        const answer = await ask(route, { account_sid: ACCOUNT, user: ACCOUNT, secret: TOKEN }, authorization);
        expect([answer.status, answer.body['code']]).toEqual([401, 20003]);
      }
  });
});

describe('400', () => {
  it('for what is missing or no identifier', async () => {
    for (const [route, body] of [['authenticate', { user: ACCOUNT }], ['authenticate', { user: 7, secret: 'x' }], ['signing-token', {}], ['signing-token', { account_sid: 'x' }], ['studio-key', { account_sid: ACCOUNT, refused_sid: 'x' }]] as const)
      expect(await ask(route, body)).toMatchObject({ status: 400, body: { code: 20001 } });
  });
});
