import type { AccountSid } from '@atelier/contracts';

/** Who a pair of user name and secret is. A Standard key may do everything except accounts and keys (`spec/audit-and-keys.md` 4.1). */
export type Principal = {
  readonly accountSid: AccountSid;
  readonly kind: 'auth-token' | 'standard-key';
  /** The SK identifier; null for the auth token. */
  readonly credentialSid: string | null;
};

/** Answered by credentials; undefined means wrong pair, deleted key, or closed account. */
export interface CredentialCheck {
  check(user: string, secret: string): Promise<Principal | undefined>;
}

/** Token under which the binding is provided in Nest. */
export const CREDENTIAL_CHECK = Symbol('CredentialCheck');
