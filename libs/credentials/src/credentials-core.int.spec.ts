import { topicSourceContract } from '@atelier/bus';
import { type AccountSid, operatorMeta } from '@atelier/contracts';
import { rebuild } from '@atelier/event-store';
import { type Database, ConfigurationError, QueryRefused, newSid } from '@atelier/platform';
import { eventually, testDatabase } from '@atelier/testing';
import { CREDENTIALS_MIGRATIONS } from './credentials-config';
import type { CredentialsCore, CredentialsOptions } from './credentials-core';
import { ACCOUNT, TOKEN, sampleCore } from './http/sample-app';
import { accountTable } from './projections/account.projection';
import { apiKeyTable } from './projections/api-key.projection';

const meta = operatorMeta(ACCOUNT, 'us1');

let database: Database;
let core: CredentialsCore;
const cores: CredentialsCore[] = [];
/** As another process or thread would have it. */
const another = async (options: Partial<CredentialsOptions> = {}): Promise<CredentialsCore> => {
  const made = await sampleCore(database, options);
  cores.push(made);
  return made;
};
beforeAll(async () => {
  database = await testDatabase({ schema: 'credentials', migrations: CREDENTIALS_MIGRATIONS });
  core = await another();
  await core.seed({ accountSid: ACCOUNT, authToken: TOKEN });
}, 120_000);
afterAll(async () => {
  for (const each of cores) await each.close();
  await database?.close();
});

const sub = () => core.accounts.create('sub', meta);
const become = (sid: AccountSid, status: 'active' | 'suspended' | 'closed') => core.accounts.update(ACCOUNT, sid, { status }, meta);

topicSourceContract('the log of credentials', () => Promise.resolve({ source: core.topic, append: () => core.keys.create('x', meta) }));

describe('the first account', () => {
  const seeded = () => core.topic.read(0, 0, 1_000).then((events) => events.filter(({ subject }) => subject === ACCOUNT));

  it('is made once, by nobody of the account, whatever the number of starts', async () => {
    for (let i = 0; i < 3; i++) await (await another()).seed({ accountSid: ACCOUNT, authToken: TOKEN });
    const events = await seeded();
    expect(events.map(({ type }) => type)).toEqual(['account.created']);
    expect(events[0]?.meta).toMatchObject({ source: 'twilio', actorType: 'twilio-admin', actorSid: null, sourceIp: null });
  });

  it('is made once when several processes start at once', async () => {
    const accountSid = newSid('AC');
    const starts = await Promise.all([1, 2, 3].map(() => another()));
    await Promise.all(starts.map((each) => each.seed({ accountSid, authToken: TOKEN })));
    expect(await core.check.check(accountSid, TOKEN)).toEqual({ accountSid, kind: 'auth-token', credentialSid: null });
  });

  it('takes another token at a start that names one: the former signs nobody in, and the change is recorded', async () => {
    const fresh = 'f'.repeat(32);
    await core.seed({ accountSid: ACCOUNT, authToken: fresh });
    expect([await core.check.check(ACCOUNT, TOKEN), await core.check.check(ACCOUNT, fresh)]).toEqual([undefined, expect.objectContaining({ accountSid: ACCOUNT })]);
    expect(await core.signingToken.tokens(ACCOUNT)).toEqual([fresh]);
    await core.seed({ accountSid: ACCOUNT, authToken: TOKEN });
    expect((await seeded()).map(({ type }) => type)).toEqual(['account.created', 'account-auth-token.updated', 'account-auth-token.updated']);
  });
});

describe('a credential', () => {
  it('is its own account only, and nobody with another secret', async () => {
    const key = await core.keys.create('x', meta);
    expect(await core.check.check(ACCOUNT, TOKEN)).toEqual({ accountSid: ACCOUNT, kind: 'auth-token', credentialSid: null });
    expect(await core.check.check(key.sid, key.secret)).toEqual({ accountSid: ACCOUNT, kind: 'standard-key', credentialSid: key.sid });
    for (const [user, secret] of [[key.sid, TOKEN], [ACCOUNT, key.secret], [key.sid, ''], [newSid('SK'), key.secret], ['', ''], ["' or true --", 'x']] as const)
      expect(await core.check.check(user, secret)).toBeUndefined();
  });

  it('is found in capital letters, too', async () => expect(await core.check.check(`AC${'A'.repeat(32)}`, TOKEN)).toMatchObject({ accountSid: ACCOUNT }));

  it('of a suspended account works again when the account does; of a closed one never', async () => {
    const { sid, authToken } = await sub();
    const key = await core.keys.create('x', { ...meta, accountSid: sid });
    const works = async () => [Boolean(await core.check.check(sid, authToken)), Boolean(await core.check.check(key.sid, key.secret)), (await core.signingToken.tokens(sid)).length];
    expect(await works()).toEqual([true, true, 1]);
    await become(sid, 'suspended');
    expect(await works()).toEqual([false, false, 0]);
    await become(sid, 'active');
    expect(await works()).toEqual([true, true, 1]);
    await become(sid, 'closed');
    expect(await works()).toEqual([false, false, 0]);
  });

  it('works in its region only', async () => {
    const key = await core.keys.create('x', meta);
    expect(await (await another({ region: 'ie1' })).check.check(key.sid, key.secret)).toBeUndefined();
  });

  it('that was deleted is dead at once here, and within a second in every other process', async () => {
    const other = await another();
    const key = await core.keys.create('x', meta);
    for (const each of [core, other]) expect(await each.check.check(key.sid, key.secret)).toBeDefined();
    await core.keys.delete(key.sid, meta);
    expect(await core.check.check(key.sid, key.secret)).toBeUndefined();
    await eventually('the other process hears of it', async () => (await other.check.check(key.sid, key.secret)) === undefined, 1_000);
  });

  it('is asked of the database once while nothing changes', async () => {
    let reads = 0;
    const counting: Database = {
      ...database,
      query: (statement, values) => {
        if (typeof statement !== 'string' && statement.name === 'credentials.known') reads++;
        return database.query(statement, values);
      },
    };
    const counted = await sampleCore(counting);
    cores.push(counted);
    // Whoever begins to listen looks once, and forgets what it knew until then.
    await eventually('it is remembered', async () => {
      reads = 0;
      for (let i = 0; i < 100; i++) await counted.check.check(ACCOUNT, TOKEN);
      return reads === 0;
    });
  });
});

describe('the rows', () => {
  it('equal the fold of the log', async () => {
    const { sid } = await sub();
    const inSub = { ...meta, accountSid: sid };
    for (const name of ['a', 'b', 'a']) await core.accounts.update(ACCOUNT, sid, { friendlyName: name }, meta);
    for (const status of ['suspended', 'active', 'suspended', 'active'] as const) await become(sid, status);
    const [kept, gone] = [await core.keys.create('kept', inSub), await core.keys.create('gone', inSub)];
    for (const name of ['once', 'twice']) await core.keys.rename(kept.sid, name, inSub);
    await core.keys.delete(gone.sid, inSub);
    const studio = await core.studioKey.ensure(sid, {});
    await core.keys.delete(studio.sid as `SK${string}`, inSub);
    await core.studioKey.ensure(sid, {});
    await become((await sub()).sid, 'closed');
    const rows = async () => [await database.query('select * from account order by sid'), await database.query('select * from api_key order by sid')];
    const before = await rows();
    expect(before.map((each) => each.length > 2)).toEqual([true, true]);
    for (const projection of [accountTable, apiKeyTable]) await rebuild(database, projection);
    expect(await rows()).toEqual(before);
  });
});

describe('a transaction that fails', () => {
  // A key without its secret could never be used, and a secret without its event would be a credential that nobody sees.
  it('leaves neither event nor row nor secret, and the next one succeeds', async () => {
    const { sid } = await sub();
    const state = async () => [await core.store.end(), await database.query('select sid from api_key union select sid from account union select sid from secret order by 1')];
    const before = await state();
    await database.query('alter table secret add constraint refused check (false) not valid');
    try {
      await expect(core.studioKey.ensure(sid, {})).rejects.toThrow(QueryRefused);
      await expect(core.keys.create('x', meta)).rejects.toThrow(QueryRefused);
      await expect(sub()).rejects.toThrow(QueryRefused);
    } finally {
      await database.query('alter table secret drop constraint refused');
    }
    expect(await state()).toEqual(before);
    expect((await core.studioKey.ensure(sid, {})).sid).toMatch(/^SK/);
  });
});

describe('the master key', () => {
  it('that is not the one of the store stops the start with one clear text', async () => {
    const wrong = sampleCore(database, { masterKey: Buffer.alloc(32, 9) });
    await expect(wrong).rejects.toThrow(ConfigurationError);
    await expect(wrong).rejects.toThrow(/^The master key is not the one that the secrets in the database were stored with\. Give back the former file/);
    expect(await core.check.check(ACCOUNT, TOKEN)).toBeDefined();
  });
});

describe('secrets', () => {
  it('are nowhere in the database in clear, and nowhere in the topic', async () => {
    const { sid, authToken } = await sub();
    const key = await core.keys.create('x', { ...meta, accountSid: sid });
    const studio = await core.studioKey.ensure(sid, {});
    const tables = await database.query<{ name: string }>('select table_name as name from information_schema.tables where table_schema = current_schema()');
    const everything = await Promise.all(tables.map(({ name }) => database.query<{ row: string }>(`select t::text as row from ${name} t`)));
    const text = JSON.stringify([everything, await core.topic.read(0, 0, 10_000)]);
    expect(text).toContain(key.sid);
    for (const secret of [authToken, key.secret, studio.secret, TOKEN])
      for (const spelling of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64').replace(/=+$/, '')]) expect(text).not.toContain(spelling);
  });

  it('that nobody has to use again are kept as a hash only', async () => {
    const key = await core.keys.create('x', meta);
    expect(await database.query('select sealed from secret where sid = $1', [key.sid])).toEqual([{ sealed: null }]);
  });

  it('go with their key', async () => {
    const key = await core.keys.create('x', meta);
    await core.keys.delete(key.sid, meta);
    expect(await database.query('select 1 from secret where sid = $1', [key.sid])).toEqual([]);
  });
});

describe('the public events', () => {
  it('tell what changed in the words of the audit records', async () => {
    const before = await core.topic.end(0);
    const { sid } = await sub();
    const inSub = { ...meta, accountSid: sid };
    await core.accounts.update(ACCOUNT, sid, { friendlyName: 'renamed', status: 'suspended' }, meta);
    await become(sid, 'active');
    const key = await core.keys.create('first', inSub);
    await core.keys.rename(key.sid, 'second', inSub);
    await core.keys.delete(key.sid, inSub);
    await become(sid, 'closed');
    const events = await core.topic.read(0, before, 100);
    expect(events.map(({ type, subject, data }) => [type, subject, data['resource_properties']])).toEqual([
      ['account.created', sid, {
        friendly_name: { previous: null, updated: 'sub' }, status: { previous: null, updated: 'active' },
        owner_account_sid: { previous: null, updated: ACCOUNT }, auth_token: { previous: null, updated: '[REDACTED]' },
      }],
      ['account.updated', sid, { friendly_name: { previous: 'sub', updated: 'renamed' } }],
      ['account.updated', sid, { status: { previous: 'active', updated: 'suspended' } }],
      ['account.updated', sid, { status: { previous: 'suspended', updated: 'active' } }],
      ['account-api-keys.created', key.sid, {
        status: { previous: null, updated: 'Active' }, friendly_name: { previous: null, updated: 'first' },
        secret: { previous: null, updated: '[REDACTED]' }, flags: { previous: null, updated: 'REST API, Signing' },
      }],
      ['account-api-keys.updated', key.sid, { friendly_name: { previous: 'first', updated: 'second' } }],
      ['account-api-keys.deleted', key.sid, { status: { previous: 'Active', updated: null }, friendly_name: { previous: 'second', updated: null } }],
      ['account.updated', sid, { status: { previous: 'active', updated: 'closed' } }],
    ]);
    // A closed account could not read of its end, so its life is recorded for who acted; its keys are its own matter.
    expect(events.map((event) => event.meta?.['accountSid'])).toEqual([ACCOUNT, ACCOUNT, ACCOUNT, ACCOUNT, sid, sid, sid, ACCOUNT]);
    // Without a credential, so that a person's key makes one audit record and the Studio API Key two.
    for (const event of events) expect(event.data).not.toHaveProperty('credential_sid');
  });
});
