import { decideWith, fold, specification } from '@atelier/event-store';
import { type AccountSid, Rejection } from '@atelier/contracts';
import fc from 'fast-check';
import { type AccountCommand, accounts } from './account.decider';
import type { AccountEvent, StudioKeyReason } from './credentials.events';

const accountSid = `AC${'a'.repeat(32)}` as const;
const ownerSid = `AC${'0'.repeat(32)}` as const;
const key = (n: number) => `SK${String(n).repeat(32)}` as const;
const credential = (n: number) => `CR${String(n).repeat(32)}` as const;

const subaccount: AccountEvent = { type: 'AccountCreated', data: { accountSid, ownerSid, friendlyName: 'first' } };
const mainAccount: AccountEvent = { type: 'AccountCreated', data: { accountSid, ownerSid: accountSid, friendlyName: 'first' } };
const suspended: AccountEvent = { type: 'AccountSuspended', data: { accountSid, before: 'active' } };
const closed: AccountEvent = { type: 'AccountClosed', data: { accountSid, before: 'active' } };
const studioKey = (n: number, reason: StudioKeyReason = 'first_execution', generation = 1, region = 'us1'): AccountEvent => ({
  type: 'StudioKeyCreated',
  data: { accountSid, sid: key(n), credentialSid: credential(n), friendlyName: 'Studio API Key', region, generation, reason },
});
const deleted = (n: number, friendlyName = 'Studio API Key'): AccountEvent => ({
  type: 'ApiKeyDeleted',
  data: { accountSid, sid: key(n), friendlyName, credentialSid: credential(n) },
});
const renamed = (n: number, friendlyName: string): AccountEvent => ({
  type: 'ApiKeyRenamed',
  data: { accountSid, sid: key(n), friendlyName, before: 'Studio API Key' },
});

const create: AccountCommand = { type: 'CreateAccount', data: { accountSid, ownerSid, friendlyName: 'first' } };
const update = (changes: Omit<Extract<AccountCommand, { type: 'UpdateAccount' }>['data'], 'by'>, by: AccountSid = ownerSid): AccountCommand => ({ type: 'UpdateAccount', data: { ...changes, by } });
const ensure = (n: number, generation = 1, region = 'us1'): AccountCommand => ({ type: 'EnsureStudioKey', data: { sid: key(n), credentialSid: credential(n), region, generation } });
const remove = (n: number): AccountCommand => ({ type: 'DeleteStudioKey', data: { sid: key(n) } });
const confirmGone = (n: number): AccountCommand => ({ type: 'ConfirmStudioKeyGone', data: { sid: key(n) } });
const rename = (n: number, friendlyName: string): AccountCommand => ({ type: 'RenameStudioKey', data: { sid: key(n), friendlyName } });
const { given } = specification(accounts);

describe('an account', () => {
  it('is created once', () => {
    given().when(create).then(subaccount);
    given(subaccount).when(create).thenNothing();
  });
  it('is renamed, telling its former name', () =>
    given(subaccount).when(update({ friendlyName: 'second' })).then({ type: 'AccountRenamed', data: { accountSid, friendlyName: 'second', before: 'first' } }));
  it('stays as it is where nothing changes', () => given(subaccount).when(update({ friendlyName: 'first', status: 'active' })).thenNothing());
  it('is suspended, reactivated and closed by its owner', () => {
    given(subaccount).when(update({ status: 'suspended' })).then(suspended);
    given(subaccount, suspended).when(update({ status: 'active' })).then({ type: 'AccountReactivated', data: { accountSid, before: 'suspended' } });
    given(subaccount, suspended).when(update({ status: 'closed' })).then({ type: 'AccountClosed', data: { accountSid, before: 'suspended' } });
  });
  it('takes no changes once it is closed', () => {
    given(subaccount, closed).when(update({ status: 'active' })).thenRejected('Conflict');
    given(subaccount, closed).when(update({ friendlyName: 'x' })).thenRejected('Conflict');
    given(subaccount, closed).when({ type: 'ReplaceAuthToken', data: {} }).thenRejected('Conflict');
  });
  it('cannot lock itself out', () => {
    for (const status of ['suspended', 'closed'] as const) {
      given(mainAccount).when(update({ status }, accountSid)).thenRejected('InvalidParameter');
      given(subaccount).when(update({ status }, accountSid)).thenRejected('InvalidParameter');
    }
    given(subaccount).when(update({ friendlyName: 'second', status: 'active' }, accountSid)).then({ type: 'AccountRenamed', data: { accountSid, friendlyName: 'second', before: 'first' } });
  });
  it('is nothing before it is created', () => {
    for (const command of [update({ friendlyName: 'x' }), ensure(1), remove(1), { type: 'ReplaceAuthToken', data: {} } as const])
      given().when(command).thenRejected('NotFound');
  });
});

describe('the Studio API Key of an account', () => {
  it('is created when the first execution asks', () => given(mainAccount).when(ensure(1)).then(studioKey(1)));
  it('is left alone while it exists', () => given(mainAccount, studioKey(1)).when(ensure(2)).thenNothing());
  it('goes with its credential', () => given(mainAccount, studioKey(1)).when(remove(1)).then(deleted(1)));
  it('is not made by being deleted, but by the next who needs it', () =>
    given(mainAccount, studioKey(1), deleted(1)).when(ensure(2)).then(studioKey(2, 'key_missing')));
  it('stays in use under another name', () => {
    given(mainAccount, studioKey(1)).when(rename(1, 'mine')).then(renamed(1, 'mine'));
    given(mainAccount, studioKey(1), renamed(1, 'mine')).when(ensure(2)).thenNothing();
    given(mainAccount, studioKey(1), renamed(1, 'mine')).when(rename(1, 'mine')).thenNothing();
    given(mainAccount, studioKey(1), renamed(1, 'mine')).when(remove(1)).then(deleted(1, 'mine'));
  });
  it('is another one in a new data store, beside the older', () => {
    given(mainAccount, studioKey(1)).when(ensure(2, 2)).then(studioKey(2, 'store_migration', 2));
    given(mainAccount, studioKey(1), studioKey(2, 'store_migration', 2)).when(ensure(3, 2)).thenNothing();
  });
  it('is not replaced when an older, unused one goes', () =>
    given(mainAccount, studioKey(1), studioKey(2, 'store_migration', 2), deleted(1)).when(ensure(3, 2)).thenNothing());
  it('comes back in the new data store although the older is still there', () =>
    given(mainAccount, studioKey(1), studioKey(2, 'store_migration', 2), deleted(2)).when(ensure(3, 2)).then(studioKey(3, 'key_missing', 2)));
  it('is another one in each region', () => given(mainAccount, studioKey(1)).when(ensure(2, 1, 'ie1')).then(studioKey(2, 'first_execution', 1, 'ie1')));
  it('is not made for an account that is suspended or closed', () => {
    given(subaccount, suspended).when(ensure(1)).thenRejected('PermissionDenied');
    given(subaccount, studioKey(1), deleted(1), closed).when(ensure(2)).thenRejected('Conflict');
  });
  it('is not there after it was deleted', () => {
    given(mainAccount, studioKey(1), deleted(1)).when(remove(1)).thenRejected('NotFound');
    given(mainAccount, studioKey(1), deleted(1)).when(rename(1, 'x')).thenRejected('NotFound');
  });
  it('is found gone by many and buried once', () => {
    given(mainAccount, studioKey(1)).when(confirmGone(1)).then(deleted(1));
    given(mainAccount, studioKey(1), deleted(1)).when(confirmGone(1)).thenNothing();
  });
});

// Two current keys would mean two credentials for one purpose, one of which nobody looks after (invariant A9).
it('whatever is asked in whatever order, an account has at most one Studio API Key per place, and every replay says the same', () => {
  const n = fc.integer({ min: 1, max: 9 });
  const command: fc.Arbitrary<AccountCommand> = fc.oneof(
    fc.constant(create),
    fc.record({ n, generation: fc.integer({ min: 1, max: 2 }), region: fc.constantFrom('us1', 'ie1') }).map((at) => ensure(at.n, at.generation, at.region)),
    fc.tuple(n, fc.constantFrom(remove, confirmGone)).map(([of, make]) => make(of)),
    n.map((of) => rename(of, `name ${of}`)),
    fc.constantFrom('active' as const, 'suspended' as const).map((status) => update({ status })),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      const log: AccountEvent[] = [subaccount];
      for (const each of commands) log.push(...decided(each, log));
      const { studioKeys } = fold(accounts, log);
      const places = [...studioKeys.values()].map(({ region, generation }) => `${region} ${generation}`);
      expect(new Set(places).size).toBe(places.length);
      expect(fold(accounts, structuredClone(log)).studioKeys).toEqual(studioKeys);
    }),
  );
});

const decided = (command: AccountCommand, log: readonly AccountEvent[]): readonly AccountEvent[] => {
  try {
    return decideWith(accounts, command, fold(accounts, log));
  } catch (error) {
    if (error instanceof Rejection) return [];
    throw error;
  }
};
