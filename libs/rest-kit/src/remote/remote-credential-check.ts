import { createHash } from 'node:crypto';
import { type AccountSid, type PublicEvent, Fault, Rejection, isSid, revokesNothing } from '@atelier/contracts';
import { type Clock, type InternalClient, Remembered } from '@atelier/platform';
import { z } from 'zod';
import type { CredentialCheck, Principal } from '../credential-check.port';

const LIFE_MS = 4_000; // another process of credentials may hear of a revocation a second late; together five

const answer = z.object({
  account_sid: z.string().refine((text): text is AccountSid => isSid('AC', text)),
  credential_sid: z.string().nullable(),
  kind: z.enum(['auth-token', 'standard-key']),
});

/** A CredentialCheck that hears of changes. */
export type RemoteCredentialCheck = CredentialCheck & {
  /** An event of `atelier.credentials.events`: what was revoked is forgotten at once. */
  changed(event: PublicEvent): void;
};

/**
 * Asks credentials-service, many at once once, and keeps who it was for a while; that somebody was refused is never kept. Secrets are kept as their
 * hashes. The service away: a Fault, whatever the credentials.
 */
export const createRemoteCredentialCheck = (client: Pick<InternalClient, 'ask'>, clock: Pick<Clock, 'monotonicMs'>): RemoteCredentialCheck => {
  const known = new Remembered<Principal>(undefined, clock, LIFE_MS);
  return {
    check: (user, secret) => known.get(`${user} ${createHash('sha256').update(secret).digest('base64')}`, () => asked(client, user, secret)),
    changed: (event) => {
      if (!revokesNothing(event)) known.clear();
    },
  };
};

const asked = async (client: Pick<InternalClient, 'ask'>, user: string, secret: string): Promise<Principal | undefined> => {
  try {
    const { data } = answer.safeParse(await client.ask('authenticate', { user, secret }));
    if (!data) throw new Fault('credentials-service answered authenticate in a form that is not ours');
    return { accountSid: data.account_sid, credentialSid: data.credential_sid, kind: data.kind };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    if (error.name === 'AuthenticationFailed') return undefined;
    throw new Fault(`credentials-service could not judge a pair of credentials: ${error.name}`);
  }
};
