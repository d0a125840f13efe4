import { type AccountSid, type PublicEvent, operatorMeta } from '@atelier/contracts';
import { type Database, newSid } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { CREDENTIALS_MIGRATIONS } from './credentials-config';
import type { CredentialsCore, CredentialsOptions } from './credentials-core';
import { sampleCore } from './http/sample-app';

const cause = { executionSid: `FN${'1'.repeat(32)}`, flowSid: `FW${'2'.repeat(32)}` } as const;

let database: Database;
let core: CredentialsCore;
const cores: CredentialsCore[] = [];
/** As another process or thread would have it. */
const another = async (options: Partial<CredentialsOptions> = {}, over = database): Promise<CredentialsCore> => {
  const made = await sampleCore(over, { wait: async () => undefined, ...options });
  cores.push(made);
  return made;
};
beforeAll(async () => {
  database = await testDatabase({ schema: 'credentials', migrations: CREDENTIALS_MIGRATIONS, poolMax: 20 });
  core = await another();
}, 120_000);
afterAll(async () => {
  for (const each of cores) await each.close();
  await database?.close();
});

/** A new account of its own. */
const account = async (): Promise<AccountSid> => {
  const accountSid = newSid('AC');
  await core.seed({ accountSid, authToken: newSid('AC').slice(2) });
  return accountSid;
};
const metaOf = (accountSid: AccountSid) => operatorMeta(accountSid, 'us1');
const eventsOf = async (accountSid: AccountSid): Promise<readonly PublicEvent[]> =>
  (await core.topic.read(0, 0, 10_000)).filter(({ data }) => data['account_sid'] === accountSid);
const typesOf = async (accountSid: AccountSid) => (await eventsOf(accountSid)).map(({ type }) => type);
const keysOf = (accountSid: AccountSid) =>
  database.query<{ sid: string; friendly_name: string }>('select sid, friendly_name from api_key where account_sid = $1 order by created_at, sid', [accountSid]);
const only = <T>([first, ...more]: readonly T[]): T => {
  if (first === undefined || more.length > 0) throw new Error(`expected one, found ${more.length + (first === undefined ? 0 : 1)}`);
  return first;
};

describe('an account whose first execution starts', () => {
  it('gets its key: listed by its name, able to sign in, told with its credential and its cause', async () => {
    const sid = await account();
    const key = await core.studioKey.ensure(sid, cause);
    expect(await keysOf(sid)).toEqual([{ sid: key.sid, friendly_name: 'Studio API Key' }]);
    expect(await core.check.check(key.sid, key.secret)).toEqual({ accountSid: sid, kind: 'standard-key', credentialSid: key.sid });
    const told = only((await eventsOf(sid)).filter(({ type }) => type === 'account-api-keys.created'));
    expect(told).toMatchObject({ subject: key.sid, meta: { source: 'twilio', actorType: 'account', actorSid: sid, sourceIp: null, region: 'us1', ...cause } });
    expect(told.data).toEqual({
      account_sid: sid,
      credential_sid: expect.stringMatching(/^CR[0-9a-f]{32}$/) as string,
      reason: 'first_execution',
      region: 'us1',
      store_generation: 1,
      resource_properties: {
        status: { previous: null, updated: 'Active' },
        friendly_name: { previous: null, updated: 'Studio API Key' },
        secret: { previous: null, updated: '[REDACTED]' },
        flags: { previous: null, updated: 'REST API, Signing' },
      },
    });
  });

  it('has one key however many ask at once, in however many processes', async () => {
    const sid = await account();
    const processes = [core, await another(), await another()];
    const keys = await Promise.all(Array.from({ length: 150 }, (_, i) => (processes[i % processes.length] ?? core).studioKey.ensure(sid, cause)));
    expect(new Set(keys.map(({ sid: each, secret }) => `${each} ${secret}`)).size).toBe(1);
    expect(await keysOf(sid)).toHaveLength(1);
    expect(await typesOf(sid)).toEqual(['account.created', 'account-api-keys.created']);
    expect(await database.query('select 1 from secret where account_sid = $1', [sid])).toHaveLength(2);
  });

  it('keeps it: asking again makes nothing, after a restart too', async () => {
    const sid = await account();
    const key = await core.studioKey.ensure(sid, cause);
    expect(await core.studioKey.ensure(sid, cause)).toEqual(key);
    expect(await (await another()).studioKey.ensure(sid, cause)).toEqual(key);
    expect(await typesOf(sid)).toEqual(['account.created', 'account-api-keys.created']);
  });

  it('does not take over a key that a person gave the same name', async () => {
    const sid = await account();
    const own = await core.keys.create('Studio API Key', metaOf(sid));
    const key = await core.studioKey.ensure(sid, cause);
    expect(key.sid).not.toBe(own.sid);
    await core.keys.delete(own.sid, metaOf(sid));
    expect(await core.studioKey.ensure(sid, cause)).toEqual(key);
  });
});

describe('a Studio API Key that was renamed', () => {
  it('stays the one in use', async () => {
    const sid = await account();
    const key = await core.studioKey.ensure(sid, cause);
    await core.keys.rename(key.sid as `SK${string}`, 'mine', metaOf(sid));
    expect(await core.studioKey.ensure(sid, cause)).toEqual(key);
    expect(await keysOf(sid)).toEqual([{ sid: key.sid, friendly_name: 'mine' }]);
  });
});

describe('a Studio API Key that was deleted', () => {
  const deleted = async () => {
    const sid = await account();
    const key = await core.studioKey.ensure(sid, cause);
    await core.keys.delete(key.sid as `SK${string}`, metaOf(sid));
    return { sid, key };
  };

  it('signs nobody in any more and is not made anew by that, but by the next who needs it', async () => {
    const { sid, key } = await deleted();
    expect(await core.check.check(key.sid, key.secret)).toBeUndefined();
    expect(await keysOf(sid)).toEqual([]);
    const fresh = await core.studioKey.ensure(sid, cause);
    expect(fresh.sid).not.toBe(key.sid);
    expect(await core.check.check(fresh.sid, fresh.secret)).toMatchObject({ accountSid: sid });
    const events = await eventsOf(sid);
    expect(events.map(({ type, data }) => [type, data['reason']])).toEqual([
      ['account.created', undefined],
      ['account-api-keys.created', 'first_execution'],
      ['account-api-keys.deleted', undefined],
      ['account-api-keys.created', 'key_missing'],
    ]);
    expect(events[2]?.data).toMatchObject({ credential_sid: events[1]?.data['credential_sid'], resource_properties: { status: { previous: 'Active', updated: null } } });
  });

  it('is replaced once, by one key, when many steps are refused at once in several processes', async () => {
    const { sid, key } = await deleted();
    const other = await another();
    const fresh = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? core : other).studioKey.replaceRefused(sid, key.sid, cause)));
    expect(new Set(fresh.map((each) => each?.sid)).size).toBe(1);
    expect(fresh[0]?.sid).not.toBe(key.sid);
    expect(await keysOf(sid)).toHaveLength(1);
  });

  // Whoever sent with the old key must not be handed that key again.
  it('is replaced by a refusal in a process that heard nothing of its deletion', async () => {
    const deaf = await another({}, { ...database, listen: async () => async () => undefined });
    const sid = await account();
    const key = await deaf.studioKey.ensure(sid, cause);
    await core.keys.delete(key.sid as `SK${string}`, metaOf(sid));
    const fresh = await deaf.studioKey.replaceRefused(sid, key.sid, cause);
    expect(fresh?.sid).toMatch(/^SK/);
    expect(fresh?.sid).not.toBe(key.sid);
  });

  it('comes back however often it is deleted', async () => {
    const { sid } = await deleted();
    for (let i = 0; i < 6; i++) {
      const key = await core.studioKey.ensure(sid, cause);
      await core.keys.delete(key.sid as `SK${string}`, metaOf(sid));
    }
    expect((await typesOf(sid)).filter((type) => type === 'account-api-keys.created')).toHaveLength(7);
  });
});

describe('a refusal of a key that exists', () => {
  it('makes nothing, for it has another cause', async () => {
    const sid = await account();
    const key = await core.studioKey.ensure(sid, cause);
    const before = await core.store.end();
    expect(await core.studioKey.replaceRefused(sid, key.sid, cause)).toBeUndefined();
    expect(await core.store.end()).toBe(before);
    expect(await core.studioKey.ensure(sid, cause)).toEqual(key);
  });
});

describe('a new data store', () => {
  it('has its own key beside the older, which may be deleted without anything happening', async () => {
    const sid = await account();
    const older = await core.studioKey.ensure(sid, cause);
    const migrated = await another({ storeGeneration: 2 });
    const newer = await migrated.studioKey.ensure(sid, cause);
    expect(await keysOf(sid)).toHaveLength(2);
    expect(await core.check.check(older.sid, older.secret)).toBeDefined();
    expect((await eventsOf(sid)).at(-1)?.data).toMatchObject({ reason: 'store_migration', store_generation: 2 });
    await core.keys.delete(older.sid as `SK${string}`, metaOf(sid));
    expect(await migrated.studioKey.ensure(sid, cause)).toEqual(newer);
    await core.keys.delete(newer.sid as `SK${string}`, metaOf(sid));
    await eventually('the deletion is heard', async () => (await migrated.studioKey.ensure(sid, cause)).sid !== newer.sid);
    expect((await eventsOf(sid)).at(-1)?.data).toMatchObject({ reason: 'key_missing', store_generation: 2 });
  });
});

describe('an account without the right to a key', () => {
  const subaccount = async () => (await core.accounts.create('sub', metaOf(await account()))).sid;
  const refused = async (sid: AccountSid, name: string) => expect(core.studioKey.ensure(sid, cause)).rejects.toMatchObject({ name });
  const become = async (sid: AccountSid, status: 'suspended' | 'closed') => {
    const [row] = await database.query<{ owner_sid: AccountSid }>('select owner_sid from account where sid = $1', [sid]);
    await core.accounts.update(row?.owner_sid ?? sid, sid, { status }, metaOf(sid));
  };

  it('gets none: unknown, suspended, closed', async () => {
    await refused(newSid('AC'), 'NotFound');
    const sid = await subaccount();
    await become(sid, 'suspended');
    await refused(sid, 'PermissionDenied');
    await become(sid, 'closed');
    await refused(sid, 'Conflict');
    expect(await keysOf(sid)).toEqual([]);
  });

  it('gets back none once it is closed, not even the one it had', async () => {
    const sid = await subaccount();
    const key = await core.studioKey.ensure(sid, cause);
    await become(sid, 'closed');
    await refused(sid, 'Conflict');
    expect(await core.check.check(key.sid, key.secret)).toBeUndefined();
  });
});
