import { type AccountSid, type PublicEvent, Fault, revokesNothing } from '@atelier/contracts';
import { type Clock, type InternalClient, Remembered } from '@atelier/platform';
import { z } from 'zod';
import type { ApiKey, SigningToken, StudioKey, StudioKeyCause } from './credentials.port';

const LIFE_MS = 4_000; // another process of credentials may hear of a change a second late; together five

const keyAnswer = z.object({ sid: z.string().nullable(), secret: z.string().nullable() });
const tokensAnswer = z.object({ tokens: z.array(z.string()) });

/** Hears of changes: what an event of `atelier.credentials.events` may have revoked is forgotten at once. */
export type Forgetful = { changed(event: PublicEvent): void };

/** The Studio API Key over /internal/v1 of credentials-service. The service away: a Fault; the step that needs the key waits or fails by its own rule. */
export const createRemoteStudioKey = (client: Pick<InternalClient, 'ask'>, clock: Pick<Clock, 'monotonicMs'>): StudioKey & Forgetful => {
  const current = new Remembered<ApiKey>(undefined, clock, LIFE_MS);
  const replacing = new Map<string, Promise<ApiKey | undefined>>();
  const asked = (account: AccountSid, cause: StudioKeyCause, refusedSid?: string): Promise<ApiKey | undefined> =>
    client.ask('studio-key', { account_sid: account, ...formOf(cause), ...(refusedSid !== undefined && { refused_sid: refusedSid }) }).then(keyOf);

  const replace = async (account: AccountSid, refusedSid: string, cause: StudioKeyCause): Promise<ApiKey | undefined> => {
    const key = await asked(account, cause, refusedSid);
    if (key) current.forget(account); // the next question gets the new one; an answer with the refused one may be under way
    return key;
  };

  return {
    ensure: async (account, cause) => {
      const key = await current.get(account, () => asked(account, cause));
      if (!key) throw new Fault(`credentials-service answered no Studio API Key for ${account}`);
      return key;
    },
    replaceRefused: (account, refusedSid, cause) => {
      const name = `${account} ${refusedSid}`;
      const running = replacing.get(name) ?? replace(account, refusedSid, cause).finally(() => replacing.delete(name));
      replacing.set(name, running);
      return running;
    },
    changed: (event) => {
      if (!revokesNothing(event)) current.clear();
    },
  };
};

/** Auth tokens for signatures, over the same routes. None for an account that is unknown, suspended or closed, which is never kept. */
export const createRemoteSigningToken = (client: Pick<InternalClient, 'ask'>, clock: Pick<Clock, 'monotonicMs'>): SigningToken & Forgetful => {
  const known = new Remembered<readonly string[]>(undefined, clock, LIFE_MS);
  const asked = async (account: AccountSid): Promise<readonly string[] | undefined> => {
    const { data } = tokensAnswer.safeParse(await client.ask('signing-token', { account_sid: account }));
    if (!data) throw new Fault('credentials-service answered signing-token in a form that is not ours');
    return data.tokens.length > 0 ? data.tokens : undefined;
  };
  return {
    tokens: async (account) => (await known.get(account, () => asked(account))) ?? [],
    changed: (event) => {
      if (!revokesNothing(event)) known.clear();
    },
  };
};

const formOf = ({ executionSid, flowSid }: StudioKeyCause): object => ({ ...(executionSid && { execution_sid: executionSid }), ...(flowSid && { flow_sid: flowSid }) });

const keyOf = (answer: unknown): ApiKey | undefined => {
  const { data } = keyAnswer.safeParse(answer);
  if (!data) throw new Fault('credentials-service answered studio-key in a form that is not ours');
  return data.sid !== null && data.secret !== null ? { sid: data.sid, secret: data.secret } : undefined;
};
