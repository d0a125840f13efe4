import { type AccountSid, operatorMeta } from '@atelier/contracts';
import { type Database, newSid } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import type { ApiKey } from '@atelier/twilio-client';
import { CREDENTIALS_MIGRATIONS } from './credentials-config';
import type { CredentialsCore, CredentialsOptions } from './credentials-core';
import { sampleCore } from './http/sample-app';
import type { KeyAuthority } from './key-authority.port';
import { newKeySecret } from './secrets';

let database: Database;
const cores: CredentialsCore[] = [];
beforeAll(async () => {
  database = await testDatabase({ schema: 'credentials', migrations: CREDENTIALS_MIGRATIONS });
}, 120_000);
afterAll(async () => {
  for (const each of cores) await each.close();
  await database?.close();
});

/** A provider with keys of its own, which counts how often it is asked for one. */
const provider = () => {
  const keys = new Map<string, ApiKey>();
  const asked = { creates: 0 };
  const authority: KeyAuthority = {
    create: async () => {
      asked.creates++;
      const key = { sid: newSid('SK'), secret: newKeySecret() };
      keys.set(key.sid, key);
      return key;
    },
    discard: async (_, { sid }) => void keys.delete(sid),
    exists: async (_, sid) => keys.has(sid),
  };
  return { keys, asked, authority };
};
const coreWith = async (authority: KeyAuthority, options: Partial<CredentialsOptions> = {}): Promise<CredentialsCore> => {
  const core = await sampleCore(database, { wait: async () => undefined, authority, ...options });
  cores.push(core);
  return core;
};
const accountOf = async (core: CredentialsCore): Promise<AccountSid> => {
  const accountSid = newSid('AC');
  await core.seed({ accountSid, authToken: newSid('AC').slice(2) });
  return accountSid;
};
const typesOf = async (core: CredentialsCore, account: AccountSid) =>
  (await core.topic.read(0, 0, 10_000)).filter(({ data }) => data['account_sid'] === account).map(({ type }) => type);

describe('an authority elsewhere', () => {
  it('is asked for one key, however many need it at once', async () => {
    const { keys, asked, authority } = provider();
    const core = await coreWith(authority);
    const account = await accountOf(core);
    const made = await Promise.all(Array.from({ length: 50 }, () => core.studioKey.ensure(account, {})));
    expect(new Set(made.map(({ sid }) => sid))).toEqual(new Set(keys.keys()));
    expect(asked.creates).toBe(1);
  });

  it('keeps no key that lost against another process', async () => {
    const { keys, authority } = provider();
    const [one, two] = [await coreWith(authority), await coreWith(authority)];
    const account = await accountOf(one);
    const made = await Promise.all([one, two].map(({ studioKey }) => studioKey.ensure(account, {})));
    expect(made[0]).toEqual(made[1]);
    expect([...keys.keys()]).toEqual([made[0]?.sid]);
  });

  it('keeps no key that was made for an account that may not have one', async () => {
    const { keys, authority } = provider();
    await expect((await coreWith(authority)).studioKey.ensure(newSid('AC'), {})).rejects.toMatchObject({ name: 'NotFound' });
    expect(keys.size).toBe(0);
  });

  it('that lost the key is believed: its end is recorded once, and there is a new one', async () => {
    const { keys, authority } = provider();
    const core = await coreWith(authority);
    const account = await accountOf(core);
    const key = await core.studioKey.ensure(account, {});
    keys.clear();
    const fresh = await Promise.all([1, 2, 3].map(() => core.studioKey.replaceRefused(account, key.sid, {})));
    expect(new Set(fresh.map((each) => each?.sid))).toEqual(new Set(keys.keys()));
    expect(await typesOf(core, account)).toEqual(['account.created', 'account-api-keys.created', 'account-api-keys.deleted', 'account-api-keys.created']);
  });

  it('that is away makes the caller wait: nothing is recorded, and the next one succeeds', async () => {
    const { authority } = provider();
    let isAway = true;
    const core = await coreWith({ ...authority, create: (...of) => (isAway ? Promise.reject(new Error('away')) : authority.create(...of)) });
    const account = await accountOf(core);
    await expect(core.studioKey.ensure(account, {})).rejects.toThrow('away');
    isAway = false;
    expect((await core.studioKey.ensure(account, {})).sid).toMatch(/^SK/);
    expect(await typesOf(core, account)).toEqual(['account.created', 'account-api-keys.created']);
  });

  it('is not asked by who had to wait, where the key was made meanwhile', async () => {
    const { asked, authority } = provider();
    const fast = await coreWith(authority);
    const account = await accountOf(fast);
    const waits: number[] = [];
    const slow = await coreWith(authority, {
      wait: async (ms) => {
        waits.push(ms);
        await fast.studioKey.ensure(account, {});
      },
    });
    for (let i = 0; i < 3; i++) await slow.keys.delete((await slow.studioKey.ensure(account, {})).sid as `SK${string}`, operatorMeta(account, 'us1'));
    const key = await slow.studioKey.ensure(account, {});
    expect([waits.length, asked.creates]).toEqual([1, 4]);
    expect(await fast.studioKey.ensure(account, {})).toEqual(key);
  });
});
