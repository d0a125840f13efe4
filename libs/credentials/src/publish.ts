import type { PublicEvent } from '@atelier/contracts';
import type { Recorded } from '@atelier/event-store';
import type { CredentialsEvent } from './credentials.events';

type Changes = Readonly<Record<string, { readonly previous: string | null; readonly updated: string | null }>>;
type Published = { readonly type: string; readonly subject: string; readonly properties: Changes; readonly data?: Readonly<Record<string, string | number>> };
type Of<T extends CredentialsEvent['type']> = Extract<CredentialsEvent, { type: T }>['data'];
type Mapping = { readonly [T in CredentialsEvent['type']]: (data: Of<T>) => Published };

/** The log's name in public events. */
export const CREDENTIALS_LOG = 'credentials';

/** Stored fact → public message. Types and properties are those of audit records (`spec/audit-and-keys.md` 2.3, 2.4); a secret is only named. */
export const publicCredentialsEvent = (event: Recorded): PublicEvent => {
  const { type, subject, properties, data } = publishedOf(event as Recorded<CredentialsEvent>); // this log holds nothing else
  return {
    specversion: '1.0',
    id: event.id,
    source: `/accounts/${event.meta.accountSid}`,
    type,
    subject,
    time: event.at,
    datacontenttype: 'application/json',
    log: CREDENTIALS_LOG,
    shard: 0,
    pos: event.position,
    meta: event.meta,
    data: { account_sid: event.meta.accountSid, ...data, resource_properties: properties },
  };
};

// The key and the argument carry the same type, which the compiler cannot see.
const publishedOf = (event: CredentialsEvent): Published => (PUBLISHED[event.type] as (data: CredentialsEvent['data']) => Published)(event.data);

const fromNothing = (properties: Readonly<Record<string, string>>): Changes =>
  Object.fromEntries(Object.entries(properties).map(([name, updated]) => [name, { previous: null, updated }]));
const toNothing = (properties: Readonly<Record<string, string>>): Changes =>
  Object.fromEntries(Object.entries(properties).map(([name, previous]) => [name, { previous, updated: null }]));

const REDACTED = '[REDACTED]';
const madeKey = (friendly_name: string): Changes => fromNothing({ status: 'Active', friendly_name, secret: REDACTED, flags: 'REST API, Signing' });

const statusChanged =
  (updated: string) =>
  ({ accountSid, before }: Of<'AccountClosed'>): Published => ({
    type: 'account.updated',
    subject: accountSid,
    properties: { status: { previous: before, updated } },
  });

const PUBLISHED: Mapping = {
  AccountCreated: ({ accountSid, ownerSid, friendlyName }) => ({
    type: 'account.created',
    subject: accountSid,
    properties: fromNothing({ friendly_name: friendlyName, status: 'active', owner_account_sid: ownerSid, auth_token: REDACTED }),
  }),
  AccountRenamed: ({ accountSid, friendlyName, before }) => ({
    type: 'account.updated',
    subject: accountSid,
    properties: { friendly_name: { previous: before, updated: friendlyName } },
  }),
  AccountSuspended: statusChanged('suspended'),
  AccountReactivated: statusChanged('active'),
  AccountClosed: statusChanged('closed'),
  AuthTokenReplaced: ({ accountSid }) => ({
    type: 'account-auth-token.updated',
    subject: accountSid,
    properties: { auth_token: { previous: REDACTED, updated: REDACTED } },
  }),
  StudioKeyCreated: ({ sid, friendlyName, credentialSid, reason, region, generation }) => ({
    type: 'account-api-keys.created',
    subject: sid,
    properties: madeKey(friendlyName),
    data: { credential_sid: credentialSid, reason, region, store_generation: generation },
  }),
  ApiKeyCreated: ({ sid, friendlyName, region }) => ({ type: 'account-api-keys.created', subject: sid, properties: madeKey(friendlyName), data: { region } }),
  ApiKeyRenamed: ({ sid, friendlyName, before }) => ({
    type: 'account-api-keys.updated',
    subject: sid,
    properties: { friendly_name: { previous: before, updated: friendlyName } },
  }),
  ApiKeyDeleted: ({ sid, friendlyName, credentialSid }) => ({
    type: 'account-api-keys.deleted',
    subject: sid,
    properties: toNothing({ status: 'Active', friendly_name: friendlyName }),
    ...(credentialSid && { data: { credential_sid: credentialSid } }),
  }),
  AccessDenied: ({ resource, action, subject }) => ({ type: `${resource}.${action}-denied`, subject, properties: {} }),
  SecretRead: ({ resource, subject }) => ({ type: `${resource}.secret-read`, subject, properties: {} }),
};
