import { createHash, timingSafeEqual } from 'node:crypto';
import type { AccountSid } from '@atelier/contracts';
import type { CredentialCheck } from '@atelier/rest-kit';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Authenticates the account of the data folder by its auth token, and nobody else: the only credential of this version. */
export const seededAccount = (accountSid: AccountSid, authToken: string): CredentialCheck => {
  const expected = digest(authToken);
  return {
    check: async (user, secret) => (user === accountSid && timingSafeEqual(digest(secret), expected) ? { accountSid, kind: 'auth-token', credentialSid: null } : undefined),
  };
};
