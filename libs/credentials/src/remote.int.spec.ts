import 'reflect-metadata';
import { createEmbeddedBus, follow } from '@atelier/bus';
import { operatorMeta } from '@atelier/contracts';
import { type Database, type InternalClient, createInternalClient, newSid, silentLog } from '@atelier/platform';
import { type CredentialCheck, createRemoteCredentialCheck } from '@atelier/rest-kit';
import { eventually, testDatabase } from '@atelier/testing';
import { type SigningToken, type StudioKey, createRemoteSigningToken, createRemoteStudioKey } from '@atelier/twilio-client';
import { CREDENTIALS_MIGRATIONS } from './credentials-config';
import { ACCOUNT, INTERNAL, type SampleApp, TOKEN, startSampleApp } from './http/sample-app';

const meta = operatorMeta(ACCOUNT, 'us1');

let database: Database;
let app: SampleApp;
let client: InternalClient;
beforeAll(async () => {
  database = await testDatabase({ schema: 'credentials', migrations: CREDENTIALS_MIGRATIONS });
  app = await startSampleApp(database);
  client = createInternalClient({ url: app.url, token: INTERNAL });
}, 120_000);
afterAll(async () => {
  await client?.close();
  await app?.close();
  await database?.close();
});

type Ports = { readonly check: CredentialCheck; readonly key: StudioKey; readonly signing: SigningToken };

const overHttp = (ask: InternalClient['ask'] = client.ask) => {
  const time = { ms: 0, monotonicMs: () => time.ms };
  return { time, check: createRemoteCredentialCheck({ ask }, time), key: createRemoteStudioKey({ ask }, time), signing: createRemoteSigningToken({ ask }, time) };
};

/** The questions that went over the wire. */
const counting = () => {
  const asked: string[] = [];
  const ask: InternalClient['ask'] = (route, question) => {
    asked.push(route);
    return client.ask(route, question);
  };
  return { asked, ...overHttp(ask) };
};

const ADAPTERS: readonly (readonly [string, () => Ports])[] = [
  ['in the process of credentials', () => ({ check: app.core.check, key: app.core.studioKey, signing: app.core.signingToken })],
  ['over HTTP', overHttp],
];

describe.each(ADAPTERS)('the ports of credentials %s', (_, make) => {
  it('know whose a pair is, a key made just now included, and nobody else', async () => {
    const { check } = make();
    const key = await app.core.keys.create('x', meta);
    expect(await check.check(ACCOUNT, TOKEN)).toEqual({ accountSid: ACCOUNT, kind: 'auth-token', credentialSid: null });
    expect(await check.check(key.sid, 'wrong')).toBeUndefined();
    expect(await check.check(key.sid, key.secret)).toEqual({ accountSid: ACCOUNT, kind: 'standard-key', credentialSid: key.sid });
    expect(await check.check(newSid('SK'), key.secret)).toBeUndefined();
    const unborn = newSid('AC');
    expect(await check.check(unborn, TOKEN)).toBeUndefined();
    await app.core.seed({ accountSid: unborn, authToken: TOKEN });
    expect(await check.check(unborn, TOKEN)).toMatchObject({ accountSid: unborn });
  });

  it('hand out the tokens that sign, none of an unknown account', async () => {
    const { signing } = make();
    expect(await signing.tokens(ACCOUNT)).toEqual([TOKEN]);
    expect(await signing.tokens(newSid('AC'))).toEqual([]);
  });

  it('make one Studio API Key however many ask, replace it once it is gone, never while it exists', async () => {
    const account = newSid('AC');
    await app.core.seed({ accountSid: account, authToken: TOKEN });
    const { key, check } = make();
    const made = await Promise.all(Array.from({ length: 20 }, () => key.ensure(account, {})));
    expect(new Set(made.map(({ sid }) => sid)).size).toBe(1);
    const sid = made[0]?.sid ?? '';
    expect(await check.check(sid, made[0]?.secret ?? '')).toMatchObject({ accountSid: account });
    expect(await key.replaceRefused(account, sid, {})).toBeUndefined();
    await app.core.keys.delete(sid as `SK${string}`, operatorMeta(account, 'us1'));
    const replaced = await Promise.all(Array.from({ length: 20 }, () => key.replaceRefused(account, sid, {})));
    expect(new Set(replaced.map((each) => each?.sid)).size).toBe(1);
    expect(replaced[0]?.sid).not.toBe(sid);
    expect(await key.ensure(account, {})).toEqual(replaced[0]);
  });

  it('refuse a key to an account that is unknown, in the same words', async () => {
    const account = newSid('AC');
    await expect(make().key.ensure(account, {})).rejects.toMatchObject({ name: 'NotFound' });
  });
});

describe('the ports of credentials over HTTP', () => {
  it('ask once for many who ask at once, and keep the answer five seconds at the most', async () => {
    const { asked, time, check, key, signing } = counting();
    const thrice = () => Promise.all([1, 2, 3].flatMap(() => [check.check(ACCOUNT, TOKEN), signing.tokens(ACCOUNT), key.ensure(ACCOUNT, {})]));
    await thrice();
    await thrice();
    expect([...asked].sort()).toEqual(['authenticate', 'signing-token', 'studio-key']);
    time.ms = 5_000;
    await thrice();
    expect(asked).toHaveLength(6);
  });

  it('forget at once what is revoked, and keep everything through records of who looked', async () => {
    const { asked, check } = counting();
    const bus = createEmbeddedBus([app.core.topic], silentLog);
    try {
      await follow(bus, 'atelier.credentials.events', [check]);
      const key = await app.core.keys.create('revoked', meta);
      expect(await check.check(key.sid, key.secret)).toBeDefined();
      await app.core.witness.denied({ resource: 'account-api-keys', action: 'create', subject: ACCOUNT } as never, meta); // whatever was denied
      expect(await check.check(key.sid, key.secret)).toBeDefined();
      expect(asked).toEqual(['authenticate']);
      await app.core.keys.delete(key.sid, meta);
      await eventually('the refusal', async () => (await check.check(key.sid, key.secret)) === undefined);
    } finally {
      await bus.close();
    }
  });

  it('say that they do not know where the service is away, is another one, or refuses the token', async () => {
    for (const [url, token] of [['http://127.0.0.1:9', INTERNAL], [app.url, `${INTERNAL}x`], [`${app.url}/elsewhere`, INTERNAL]] as const) {
      const stranger = createInternalClient({ url, token });
      const { check, key, signing } = overHttp(stranger.ask);
      for (const question of [check.check(ACCOUNT, TOKEN), key.ensure(ACCOUNT, {}), key.replaceRefused(ACCOUNT, newSid('SK'), {}), signing.tokens(ACCOUNT)]) {
        const failure: unknown = await question.catch((error: unknown) => error);
        expect(failure).toMatchObject({ name: 'Fault' });
        for (const secret of [TOKEN, INTERNAL]) expect(String((failure as Error).stack)).not.toContain(secret);
      }
      await stranger.close();
    }
  });

  it('take an answer that is none of ours for no answer', async () => {
    for (const answer of [undefined, null, {}, { tokens: 'x' }, { account_sid: 'x', kind: 'auth-token', credential_sid: null }]) {
      const { check, key, signing } = overHttp(async () => answer);
      for (const question of [check.check(ACCOUNT, TOKEN), key.ensure(ACCOUNT, {}), signing.tokens(ACCOUNT)]) await expect(question).rejects.toMatchObject({ name: 'Fault' });
    }
  });
});
