import type { AccountSid, RequestSid } from './sids';

/**
 * Who caused a change and from where. Set once where a request enters, stored with the event, carried unchanged into the audit record
 * (invariant A10). Field values are Monitor's (`spec/audit-and-keys.md` 1.1, mapping in 2.4).
 */
export type Meta = {
  readonly accountSid: AccountSid;
  readonly actorType: 'account' | 'user' | 'twilio-admin';
  /** AC or US identifier; null where nobody of the account acted. */
  readonly actorSid: string | null;
  /** The API key that authenticated the request; null for the auth token and for the engine. */
  readonly credentialSid: string | null;
  readonly source: 'web' | 'api' | 'twilio';
  readonly sourceIp: string | null;
  /** How the address was learnt: the socket's peer, or a trusted proxy's X-Forwarded-For. */
  readonly sourceIpFrom: 'socket' | 'forwarded' | null;
  readonly region: string;
  readonly requestSid: RequestSid | null;
  readonly userAgent: string | null;
  readonly executionSid?: string;
  readonly flowSid?: string;
};

/** The engine acting for an account: the documented row of values for what Studio itself does. */
export const engineMeta = (accountSid: AccountSid, region: string, cause: { executionSid?: string; flowSid?: string } = {}): Meta => ({
  accountSid,
  actorType: 'account',
  actorSid: accountSid,
  credentialSid: null,
  source: 'twilio',
  sourceIp: null,
  sourceIpFrom: null,
  region,
  requestSid: null,
  userAgent: null,
  ...cause,
});

/** The installation itself, outside any account's will: seeding, migrations. */
export const operatorMeta = (accountSid: AccountSid, region: string): Meta => ({
  ...engineMeta(accountSid, region),
  actorType: 'twilio-admin',
  actorSid: null,
});
