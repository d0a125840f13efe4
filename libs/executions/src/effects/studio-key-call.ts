import type { ApiKey, StudioKey } from '@atelier/twilio-client';
import type { RequestedEffect } from '../worker/effect-performer.port';
import { patiently } from './effect-kind';

/**
 * Makes a call with the account's Studio API Key (`spec/audit-and-keys.md` 3.1). Refused for its key, and the key confirmed gone: the same
 * call once more with the new one. Refused though the key exists: the refusal is the answer. Undefined: no key is to be had now, nothing was sent.
 */
export const withStudioKey = async <R>(
  keys: StudioKey,
  { account, execution, flow }: RequestedEffect,
  call: (key: ApiKey) => Promise<R>,
  isRefusal: (answer: R) => boolean,
): Promise<R | undefined> => {
  const cause = { executionSid: execution, flowSid: flow };
  const key = await patiently(() => keys.ensure(account, cause));
  if (!key) return undefined;
  const answer = await call(key);
  if (!isRefusal(answer)) return answer;
  const fresh = await patiently(() => keys.replaceRefused(account, key.sid, cause));
  return fresh ? call(fresh) : answer;
};

/** How Twilio refuses credentials: 401 with this code. The same code comes with 403 for other reasons. */
export const isKeyRefusal = (status: number, code: unknown): boolean => status === 401 && code === 20003;
