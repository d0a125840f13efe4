import type { AccountSid } from '@atelier/contracts';

export type FlowStatus = 'draft' | 'published';

/**
 * One saved revision. Texts of definitions and reports lie beside the log, under their SHA-256, so that reading a flow's history stays
 * cheap; a report is what validation said (`errors`, `warnings`), and null where it said nothing.
 */
export type Revision = {
  readonly revision: number;
  readonly status: FlowStatus;
  readonly friendlyName: string;
  readonly commitMessage: string | null;
  readonly definitionSha256: string;
  readonly reportSha256: string | null;
  /** False for an imported draft with errors: it can be neither published nor run. */
  readonly valid: boolean;
  /** States of the definition, without those of subflows. */
  readonly widgets: number;
};

/** What was, for the audit record: an event tells its whole story. */
export type Before = Pick<Revision, 'revision' | 'status' | 'friendlyName' | 'commitMessage' | 'definitionSha256'>;

type Saved = Revision & { readonly accountSid: AccountSid; readonly authorSid: string | null };

/** What is stored about flows. Stream: the flow's SID, for denials the request's. Names and fields are a storage format. */
export type FlowEvent =
  | { readonly type: 'FlowCreated'; readonly data: Saved }
  | { readonly type: 'FlowDraftSaved'; readonly data: Saved & { readonly before: Before } }
  | { readonly type: 'FlowPublished'; readonly data: Saved & { readonly before: Before } }
  | { readonly type: 'FlowDeleted'; readonly data: { readonly accountSid: AccountSid; readonly before: Before } }
  | {
      readonly type: 'TestUsersReplaced';
      readonly data: { readonly accountSid: AccountSid; readonly testUsers: readonly string[]; readonly numberBefore: number };
    }
  | { readonly type: 'FlowAccessDenied'; readonly data: { readonly flowSid: string; readonly action: 'update' | 'delete' } };
