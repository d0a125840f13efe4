import { type AccountSid, type KeySid, Rejection } from '@atelier/contracts';
import type { Decider } from '@atelier/event-store';
import type { ApiKeyEvent } from './credentials.events';

type Key = { readonly accountSid: AccountSid; readonly sid: KeySid; readonly friendlyName: string };

/** `accountSid` is the account that asks: a key of another account is not there. */
export type ApiKeyCommand =
  | { readonly type: 'CreateApiKey'; readonly data: Key & { readonly region: string } }
  | { readonly type: 'RenameApiKey'; readonly data: { readonly accountSid: AccountSid; readonly friendlyName: string } }
  | { readonly type: 'DeleteApiKey'; readonly data: { readonly accountSid: AccountSid } };

export type ApiKeyState = { key: Key | undefined; wasMade: boolean };

/** One stream per key that a person made. Studio API Keys live with their account. */
export const apiKeys: Decider<ApiKeyCommand, ApiKeyEvent, ApiKeyState> = {
  initialState: () => ({ key: undefined, wasMade: false }),
  decide: {
    CreateApiKey: ({ data }, { wasMade }) => (wasMade ? [] : [{ type: 'ApiKeyCreated', data }]),
    RenameApiKey: ({ data: { accountSid, friendlyName } }, state) => {
      const { sid, friendlyName: before } = present(state, accountSid);
      return before === friendlyName ? [] : [{ type: 'ApiKeyRenamed', data: { accountSid, sid, friendlyName, before } }];
    },
    DeleteApiKey: ({ data: { accountSid } }, state) => {
      const { sid, friendlyName } = present(state, accountSid);
      return [{ type: 'ApiKeyDeleted', data: { accountSid, sid, friendlyName, credentialSid: null } }];
    },
  },
  evolve: {
    ApiKeyCreated: (state, { data }) => {
      state.key = data;
      state.wasMade = true;
    },
    ApiKeyRenamed: (state, { data }) => void (state.key = data),
    ApiKeyDeleted: (state) => void (state.key = undefined),
  },
};

const present = ({ key }: Readonly<ApiKeyState>, accountSid: AccountSid): Key => {
  if (key?.accountSid !== accountSid) throw new Rejection('NotFound');
  return key;
};
