import { Rejection } from '@atelier/contracts';
import type { ApiKey, StudioKey } from '@atelier/twilio-client';
import type { RequestedEffect } from '../worker/effect-performer.port';
import { patiently } from './effect-kind';

/** The account is given no key, so nothing was sent. */
export type NoKey = { readonly kind: 'no-key'; readonly why: string };

/**
 * Makes a call with the account's Studio API Key (`spec/audit-and-keys.md` 3.1). Refused for its key, and the key confirmed gone: the same
 * call once more with the new one. Refused though the key exists, or the account closed meanwhile: the refusal is the answer. Who has the keys away:
 * NotBegun, for a refused call has done nothing.
 */
export const withStudioKey = async <R>(
  keys: StudioKey,
  { account, execution, flow }: RequestedEffect,
  call: (key: ApiKey) => Promise<R>,
  isRefusal: (answer: R) => boolean,
): Promise<R | NoKey> => {
  const cause = { executionSid: execution, flowSid: flow };
  const key = await patiently(() => allowed(keys.ensure(account, cause)));
  if (key instanceof Rejection) return { kind: 'no-key', why: `The account has no Studio API Key: ${key.message}` };
  const answer = await call(key);
  if (!isRefusal(answer)) return answer;
  const fresh = await patiently(() => allowed(keys.replaceRefused(account, key.sid, cause)));
  return !fresh || fresh instanceof Rejection ? answer : call(fresh);
};

/** A suspended or closed account is given no key: that is an answer, not a failure. */
export const allowed = <K>(asked: Promise<K>): Promise<K | Rejection> =>
  asked.catch((error: unknown) => {
    if (error instanceof Rejection) return error;
    throw error;
  });

/** How Twilio refuses credentials: 401 with this code. The same code comes with 403 for other reasons. */
export const isKeyRefusal = (status: number, code: unknown): boolean => status === 401 && code === 20003;
