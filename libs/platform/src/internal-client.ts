import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorName, ERRORS, Fault, Rejection } from '@atelier/contracts';
import { Agent, request } from 'undici';
import { z } from 'zod';

/** An answer of `/internal/v1` carries it once the token was right; without it, whoever answered is not the service that was asked. */
export const INTERNAL_MARK = 'atelier-internal';

const TOKEN_CHARACTERS_MIN = 32; // it guards every secret
const ANSWER_MS = 10_000; // a key may have to be made at Twilio; everything else takes milliseconds
const CONNECTIONS_MAX = 16;
const RESTART_MS = 10_000; // what an orderly restart of the other service takes; whoever is away longer is not waited for
const AGAIN_MS = 50;

/** `ATELIER_INTERNAL_TOKEN`: required where services run apart. */
export const internalToken = z
  .string()
  .regex(new RegExp(`^[\\x21-\\x7e]{${TOKEN_CHARACTERS_MIN},}$`), `expected at least ${TOKEN_CHARACTERS_MIN} characters without spaces`)
  .describe('Authenticates /internal/v1 between services.');

/** Direct questions to another service of this installation. */
export interface InternalClient {
  /**
   * The JSON object that the route answers. A Rejection is what the other service said; anything else that is no answer is a Fault, a wrong token and
   * a wrong address included. No text of it ever holds what was asked or answered (invariant A8). Every question may be asked twice.
   */
  ask(route: string, question: object): Promise<unknown>;
  /** Whether it answers at all: rejects where it does not. */
  reach(): Promise<void>;
  close(): Promise<void>;
}

export type InternalClientOptions = { readonly url: string; readonly token: string; readonly answerMs?: number; readonly restartMs?: number };

/** Keeps its connections open, and waits out a restart of the other service, where nobody listens for a moment. `url`: origin of the other service. */
export const createInternalClient = ({ url, token, answerMs = ANSWER_MS, restartMs = RESTART_MS }: InternalClientOptions): InternalClient => {
  const dispatcher = new Agent({ connections: CONNECTIONS_MAX, headersTimeout: answerMs, bodyTimeout: answerMs, connectTimeout: answerMs });
  const origin = url.replace(/\/+$/, '');
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

  const once = async (route: string, body: string): Promise<unknown> => {
    const answer = await request(`${origin}/internal/v1/${route}`, { method: 'POST', headers, body, dispatcher });
    const text = await answer.body.text();
    if (answer.headers[INTERNAL_MARK] === undefined) throw new Fault(`${origin} answered ${route} with ${answer.statusCode}: not a service of this installation, or its ATELIER_INTERNAL_TOKEN is another`);
    if (answer.statusCode >= 500) throw new Fault(`${origin} answered ${route} with ${answer.statusCode}`);
    const value = jsonOf(text, `${origin} ${route}`);
    if (answer.statusCode !== 200) throw rejectionOf(answer.statusCode, value, `${origin} ${route}`);
    return value;
  };

  // An idle connection may be closed at the moment it is used, as when the other service restarts.
  const twice = (route: string, body: string): Promise<unknown> => once(route, body).catch((error: unknown) => (isOurs(error) || isUnsent(error) ? Promise.reject(error) : once(route, body)));

  let awaySinceMs: number | undefined; // nobody has listened since
  const patiently = async (route: string, body: string): Promise<unknown> => {
    for (;;) {
      try {
        const answer = await twice(route, body);
        awaySinceMs = undefined;
        return answer;
      } catch (error) {
        if (!isUnsent(error)) {
          awaySinceMs = undefined;
          throw error;
        }
        awaySinceMs ??= performance.now();
        if (performance.now() - awaySinceMs > restartMs) throw error;
        await sleep(AGAIN_MS);
      }
    }
  };

  return {
    ask: (route, question) => patiently(route, JSON.stringify(question)).catch(asFault(`${origin} ${route}`)),
    reach: async () => {
      const answer = await request(`${origin}/health`, { dispatcher }).catch(asFault(origin));
      await answer.body.dump();
      if (answer.statusCode !== 200) throw new Fault(`${origin} answered /health with ${answer.statusCode}`);
    },
    close: () => dispatcher.close(),
  };
};

const isOurs = (error: unknown): boolean => error instanceof Fault || error instanceof Rejection || (error instanceof Error && TIMEOUTS.has(error.name));

/** Nothing was sent: there was no connection, and nobody had the name. Containers lose both while they are made anew. */
const isUnsent = (error: unknown): boolean => UNSENT.has(String((error as { code?: unknown } | undefined)?.code)); // Node names system errors so

const UNSENT: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);

const TIMEOUTS: ReadonlySet<string> = new Set(['HeadersTimeoutError', 'BodyTimeoutError', 'ConnectTimeoutError']);

const asFault =
  (what: string) =>
  (error: unknown): never => {
    if (error instanceof Fault || error instanceof Rejection) throw error;
    throw new Fault(`${what} does not answer: ${error instanceof Error ? error.message || error.name : String(error)}`, { cause: error });
  };

const jsonOf = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault(`${what} answered something that is no JSON`); // its text may hold secrets
  }
};

const refusal = z.looseObject({ code: z.int(), status: z.int(), message: z.string() });

const rejectionOf = (status: number, value: unknown, what: string): Error => {
  const { data } = refusal.safeParse(value);
  const name = data && (Object.keys(ERRORS) as ErrorName[]).find((each) => ERRORS[each].status === status && ERRORS[each].code === data.code);
  return name ? new Rejection(name, { message: data.message }) : new Fault(`${what} answered ${status} in a form that is not ours`);
};
