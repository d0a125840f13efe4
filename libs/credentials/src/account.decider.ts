import { type AccountSid, type CredentialSid, type KeySid, Rejection } from '@atelier/contracts';
import type { Decider } from '@atelier/event-store';
import type { AccountEvent, AccountStatus, StudioKeyReason } from './credentials.events';

/** The name under which people find the key. It identifies nothing: another key of this name is not adopted, a renamed one stays in use. */
export const STUDIO_KEY_NAME = 'Studio API Key';

/** Where a Studio API Key is in use: at most one per account and place (invariant A9). */
type Place = { readonly region: string; readonly generation: number };

export type AccountCommand =
  | { readonly type: 'CreateAccount'; readonly data: { readonly accountSid: AccountSid; readonly ownerSid: AccountSid; readonly friendlyName: string } }
  | { readonly type: 'UpdateAccount'; readonly data: { readonly by: AccountSid; readonly friendlyName?: string | undefined; readonly status?: AccountStatus | undefined } }
  | { readonly type: 'ReplaceAuthToken'; readonly data: object }
  | { readonly type: 'EnsureStudioKey'; readonly data: Place & { readonly sid: KeySid; readonly credentialSid: CredentialSid } }
  | { readonly type: 'RenameStudioKey'; readonly data: { readonly sid: KeySid; readonly friendlyName: string } }
  | { readonly type: 'DeleteStudioKey'; readonly data: { readonly sid: KeySid } }
  | { readonly type: 'ConfirmStudioKeyGone'; readonly data: { readonly sid: KeySid } };

type StudioKeyState = Place & { readonly credentialSid: CredentialSid; readonly friendlyName: string };
type Created = { readonly accountSid: AccountSid; readonly ownerSid: AccountSid };

export type AccountState = {
  account: Created | undefined;
  friendlyName: string;
  status: AccountStatus;
  readonly studioKeys: Map<KeySid, StudioKeyState>;
  /** Every place that ever had a key. */
  readonly places: Place[];
};

/** One stream per account, with its Studio API Keys: so nothing is made for an account that is just being closed. */
export const accounts: Decider<AccountCommand, AccountEvent, AccountState> = {
  initialState: () => ({ account: undefined, friendlyName: '', status: 'active', studioKeys: new Map(), places: [] }),
  decide: {
    // Asked at every start for the first account.
    CreateAccount: ({ data }, { account }) => (account ? [] : [{ type: 'AccountCreated', data }]),
    UpdateAccount: ({ data: { by, friendlyName, status } }, state) => {
      const account = open(state);
      return [...renamed(account, state.friendlyName, friendlyName), ...statusChanged(account, by, state.status, status)];
    },
    ReplaceAuthToken: (_, state) => [{ type: 'AuthTokenReplaced', data: { accountSid: open(state).accountSid } }],
    // Asked when an account's first execution starts and when a call needs the key; the usual answer is "nothing to do".
    EnsureStudioKey: ({ data: { region, generation, ...made } }, state) => {
      const { accountSid } = open(state);
      if (state.status !== 'active') throw new Rejection('PermissionDenied', { message: `Account ${accountSid} is ${state.status}` });
      if ([...state.studioKeys.values()].some(isAt({ region, generation }))) return [];
      const data = { ...made, accountSid, friendlyName: STUDIO_KEY_NAME, region, generation, reason: reasonOf({ region, generation }, state.places) };
      return [{ type: 'StudioKeyCreated', data }];
    },
    RenameStudioKey: ({ data: { sid, friendlyName } }, state) => {
      const { friendlyName: before } = present(state, sid);
      return before === friendlyName ? [] : [{ type: 'ApiKeyRenamed', data: { accountSid: open(state).accountSid, sid, friendlyName, before } }];
    },
    DeleteStudioKey: ({ data: { sid } }, state) => [deleted(state, sid, present(state, sid))],
    // Somebody deleted it where it lives; several steps may find that out at once.
    ConfirmStudioKeyGone: ({ data: { sid } }, state) => {
      const key = state.studioKeys.get(sid);
      return key ? [deleted(state, sid, key)] : [];
    },
  },
  evolve: {
    AccountCreated: (state, { data }) => {
      state.account = data;
      state.friendlyName = data.friendlyName;
    },
    AccountRenamed: (state, { data }) => void (state.friendlyName = data.friendlyName),
    AccountSuspended: (state) => void (state.status = 'suspended'),
    AccountReactivated: (state) => void (state.status = 'active'),
    AccountClosed: (state) => void (state.status = 'closed'),
    AuthTokenReplaced: () => undefined,
    StudioKeyCreated: (state, { data }) => {
      state.studioKeys.set(data.sid, data);
      state.places.push(data);
    },
    ApiKeyRenamed: ({ studioKeys }, { data: { sid, friendlyName } }) => {
      const key = studioKeys.get(sid);
      if (key) studioKeys.set(sid, { ...key, friendlyName });
    },
    ApiKeyDeleted: ({ studioKeys }, { data: { sid } }) => void studioKeys.delete(sid),
  },
};

// Unspecified by Twilio: a closed account takes no changes.
const open = ({ account, status }: Readonly<AccountState>): Created => {
  if (!account) throw new Rejection('NotFound');
  if (status === 'closed') throw new Rejection('Conflict', { message: `Account ${account.accountSid} is closed` });
  return account;
};

const present = ({ studioKeys }: Readonly<AccountState>, sid: KeySid): StudioKeyState => {
  const key = studioKeys.get(sid);
  if (!key) throw new Rejection('NotFound');
  return key;
};

const deleted = (state: Readonly<AccountState>, sid: KeySid, { friendlyName, credentialSid }: StudioKeyState): AccountEvent => ({
  type: 'ApiKeyDeleted',
  data: { accountSid: open(state).accountSid, sid, friendlyName, credentialSid },
});

const renamed = ({ accountSid }: Created, before: string, friendlyName = before): readonly AccountEvent[] =>
  friendlyName === before ? [] : [{ type: 'AccountRenamed', data: { accountSid, friendlyName, before } }];

const STATUS_EVENT = { active: 'AccountReactivated', suspended: 'AccountSuspended', closed: 'AccountClosed' } as const;

const statusChanged = ({ accountSid }: Created, by: AccountSid, before: AccountStatus, status = before): readonly AccountEvent[] => {
  if (status === before) return [];
  // Unspecified by Twilio: 400. Who suspended the account that he signs in with could not take it back.
  if (by === accountSid) throw new Rejection('InvalidParameter', { message: 'Invalid parameter Status: only that of a subaccount can be changed, by its owner' });
  return [{ type: STATUS_EVENT[status], data: { accountSid, before } }];
};

const isAt =
  ({ region, generation }: Place) =>
  (place: Place): boolean =>
    place.region === region && place.generation === generation;

const reasonOf = (at: Place, places: readonly Place[]): StudioKeyReason => {
  if (places.some(isAt(at))) return 'key_missing';
  return places.some(({ region }) => region === at.region) ? 'store_migration' : 'first_execution';
};
