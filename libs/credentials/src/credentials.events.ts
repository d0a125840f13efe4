import type { AccountSid, CredentialSid, KeySid } from '@atelier/contracts';

/** Twilio's words. Closed is final; neither suspended nor closed accounts authenticate. */
export type AccountStatus = 'active' | 'suspended' | 'closed';

/** Why a Studio API Key was made (`spec/audit-and-keys.md` 3.1). */
export type StudioKeyReason = 'first_execution' | 'key_missing' | 'store_migration';

export type DeniedAction = 'create' | 'read' | 'update' | 'delete';

type OfAccount = { readonly accountSid: AccountSid };
type OfKey = OfAccount & { readonly sid: KeySid; readonly friendlyName: string };
type StatusChanged = OfAccount & { readonly before: AccountStatus };

/**
 * What is stored about accounts and keys. Names and fields are a storage format; secrets lie beside the log and never in it (invariant A8).
 * Streams: the account, with its Studio API Keys; each other key; for denials and reads of secrets the request.
 */
export type CredentialsEvent =
  | { readonly type: 'AccountCreated'; readonly data: OfAccount & { readonly ownerSid: AccountSid; readonly friendlyName: string } }
  | { readonly type: 'AccountRenamed'; readonly data: OfAccount & { readonly friendlyName: string; readonly before: string } }
  | { readonly type: 'AccountSuspended'; readonly data: StatusChanged }
  | { readonly type: 'AccountReactivated'; readonly data: StatusChanged }
  | { readonly type: 'AccountClosed'; readonly data: StatusChanged }
  | { readonly type: 'AuthTokenReplaced'; readonly data: OfAccount }
  | {
      readonly type: 'StudioKeyCreated';
      readonly data: OfKey & { readonly credentialSid: CredentialSid; readonly region: string; readonly generation: number; readonly reason: StudioKeyReason };
    }
  | { readonly type: 'ApiKeyCreated'; readonly data: OfKey & { readonly region: string } }
  | { readonly type: 'ApiKeyRenamed'; readonly data: OfKey & { readonly before: string } }
  /** `credentialSid` where the key was a Studio API Key: its credential goes with it. */
  | { readonly type: 'ApiKeyDeleted'; readonly data: OfKey & { readonly credentialSid: CredentialSid | null } }
  | {
      readonly type: 'AccessDenied';
      readonly data: { readonly resource: 'account' | 'account-api-keys'; readonly action: DeniedAction; readonly subject: string };
    }
  /** A secret left the process, to another service of this installation. */
  | { readonly type: 'SecretRead'; readonly data: { readonly resource: 'account-auth-token' | 'account-api-keys'; readonly subject: string } };

/** Events of one stream, by what it holds. */
export type AccountEvent = Exclude<CredentialsEvent, { type: 'ApiKeyCreated' | 'AccessDenied' | 'SecretRead' }>;
export type ApiKeyEvent = Extract<CredentialsEvent, { type: 'ApiKeyCreated' | 'ApiKeyRenamed' | 'ApiKeyDeleted' }>;
