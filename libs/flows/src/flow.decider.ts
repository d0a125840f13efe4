import { type AccountSid, type FlowSid, Rejection } from '@atelier/contracts';
import type { Decider } from '@atelier/event-store';
import type { Before, FlowEvent, FlowStatus, Revision } from './flow.events';

/** A definition that was stored and judged. */
export type Judged = Pick<Revision, 'definitionSha256' | 'reportSha256' | 'valid' | 'widgets'>;

type Save = {
  readonly accountSid: AccountSid;
  readonly authorSid: string | null;
  readonly status: FlowStatus;
  readonly commitMessage: string | null;
};

/** `expected` is the revision that If-Match names; left out, the last write wins. */
export type FlowCommand =
  | { readonly type: 'CreateFlow'; readonly data: Save & { readonly flowSid: FlowSid; readonly friendlyName: string; readonly judged: Judged } }
  | {
      readonly type: 'SaveRevision';
      readonly data: Save & { readonly friendlyName?: string | undefined; readonly judged?: Judged | undefined; readonly expected?: number | undefined };
    }
  | { readonly type: 'DeleteFlow'; readonly data: { readonly accountSid: AccountSid; readonly expected?: number | undefined } }
  | { readonly type: 'ReplaceTestUsers'; readonly data: { readonly accountSid: AccountSid; readonly testUsers: readonly string[] } };

export type FlowState = {
  accountSid: AccountSid | undefined;
  latest: Revision | undefined;
  testUsers: readonly string[];
  isDeleted: boolean;
};

/** One stream per flow. A flow of another account is not there. */
export const flows: Decider<FlowCommand, FlowEvent, FlowState> = {
  initialState: () => ({ accountSid: undefined, latest: undefined, testUsers: [], isDeleted: false }),
  decide: {
    // An identifier is used once: also a deleted flow keeps its own.
    CreateFlow: ({ data: { judged, flowSid, friendlyName, ...save } }, { latest }) => {
      if (latest) throw new Rejection('Conflict', { message: `FlowSid ${flowSid} is taken` });
      return [{ type: 'FlowCreated', data: { ...save, ...runnable(save.status, judged), friendlyName, revision: 1 } }];
    },
    // Every accepted save is a revision, also one that changes only the name or the message.
    SaveRevision: ({ data: { judged, friendlyName, expected, ...save } }, state) => {
      const latest = present(state, save.accountSid, expected);
      const kept = runnable(save.status, judged ?? judgedOf(latest));
      const data = { ...save, ...kept, friendlyName: friendlyName ?? latest.friendlyName, revision: latest.revision + 1, before: beforeOf(latest) };
      return [{ type: save.status === 'published' ? 'FlowPublished' : 'FlowDraftSaved', data }];
    },
    DeleteFlow: ({ data: { accountSid, expected } }, state) => [
      { type: 'FlowDeleted', data: { accountSid, before: beforeOf(present(state, accountSid, expected)) } },
    ],
    ReplaceTestUsers: ({ data: { accountSid, testUsers } }, state) => {
      present(state, accountSid);
      const same = testUsers.length === state.testUsers.length && testUsers.every((user, i) => user === state.testUsers[i]);
      return same ? [] : [{ type: 'TestUsersReplaced', data: { accountSid, testUsers, numberBefore: state.testUsers.length } }];
    },
  },
  evolve: {
    FlowCreated: (state, { data }) => {
      state.accountSid = data.accountSid;
      state.latest = data;
    },
    FlowDraftSaved: (state, { data }) => void (state.latest = data),
    FlowPublished: (state, { data }) => void (state.latest = data),
    FlowDeleted: (state) => void (state.isDeleted = true),
    TestUsersReplaced: (state, { data }) => void (state.testUsers = data.testUsers),
    FlowAccessDenied: () => undefined, // never on a flow's stream
  },
};

const present = (state: Readonly<FlowState>, accountSid: AccountSid, expected?: number): Revision => {
  const { latest, isDeleted } = state;
  if (!latest || isDeleted || state.accountSid !== accountSid) throw new Rejection('NotFound');
  if (expected !== undefined && expected !== latest.revision)
    throw new Rejection('StaleRevision', { message: `If-Match does not name the latest revision, which is ${latest.revision}` });
  return latest;
};

// Unspecified by Twilio: a draft that import kept in spite of its errors cannot be published; 81022 says why better than a conflict.
const runnable = (status: FlowStatus, judged: Judged): Judged => {
  if (status === 'published' && !judged.valid) throw new Rejection('InvalidDefinition');
  return judged;
};

const judgedOf = ({ definitionSha256, reportSha256, valid, widgets }: Revision): Judged => ({ definitionSha256, reportSha256, valid, widgets });

const beforeOf = ({ revision, status, friendlyName, commitMessage, definitionSha256 }: Revision): Before => ({
  revision,
  status,
  friendlyName,
  commitMessage,
  definitionSha256,
});
