import { ConfigurationError } from '@atelier/platform';
import { z } from 'zod';
import type { Access } from './access';
import { plain } from './table';

const ANSWER_MS = 30_000;
const failure = z.object({ message: z.string() });

export type Fields = Readonly<Record<string, unknown>>;

/** One request; what was answered, or one clear line where it was refused. 404 is undefined: the caller knows what it asked for. */
export const ask = async ({ url, authorization, as }: Access, method: 'GET' | 'POST' | 'DELETE', path: string): Promise<Fields | undefined> => {
  const answer = await fetch(url + path, { method, headers: { authorization }, signal: AbortSignal.timeout(ANSWER_MS) }).catch((error: unknown) => {
    throw new ConfigurationError(`Nothing answers at ${url}: ${reasonOf(error)}. Is it running? --url names another origin.`);
  });
  const text = await answer.text();
  if (answer.status === 404) return undefined;
  if (answer.status === 401) throw new ConfigurationError(`${url} does not know ${as}: set ATELIER_INTERNAL_TOKEN, or ATELIER_ACCOUNT_SID and ATELIER_AUTH_TOKEN, of this installation.`);
  if (!answer.ok) throw new ConfigurationError(`${url} answered ${answer.status}: ${messageOf(text)}`);
  return objectOf(text) ?? {};
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { code, message } = (error.cause ?? {}) as { code?: string; message?: string }; // as fetch makes it
  return code ?? message ?? error.message;
};

const messageOf = (text: string): string => plain(failure.safeParse(objectOf(text)).data?.message ?? text.slice(0, 200));

const objectOf = (text: string): Fields | undefined => {
  try {
    return JSON.parse(text) as Fields; // a scalar has no members, and none is read
  } catch {
    return undefined; // no answer of ours: shown as it is, or empty
  }
};
