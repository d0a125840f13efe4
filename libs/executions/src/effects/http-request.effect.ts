import type { HttpCaller, OutboundRequest, OutboundResult } from '@atelier/platform';
import { type ApiKey, type SigningToken, type StudioKey, formOf, signatureOf, withBodyHash } from '@atelier/twilio-client';
import type { EffectOutcome, HttpRequest } from '@atelier/widgets';
import { type EffectKind, notSent, patiently } from './effect-kind';
import { type NoKey, isKeyRefusal, withStudioKey } from './studio-key-call';

const NOT_MADE = 81014; // an unusable URL, a reserved parameter, an address that may not be reached
const FAILED = 81016; // no answer: network, time, size
const RESERVED_PARAMETERS = new Set(['method']); // the one that Twilio's page of 81014 names

export type HttpRequestOptions = {
  readonly caller: HttpCaller;
  readonly signing: SigningToken;
  readonly keys: StudioKey;
  /** Origin of the carrier's API: beside Twilio's own hosts the only one that gets the account's key. */
  readonly carrierOrigin: string;
};

/** Calls a web service in the account's name, signed as Twilio signs webhooks. Any answer is a success here; the widget judges its status. */
export const httpRequest = ({ caller, signing, keys, carrierOrigin }: HttpRequestOptions): EffectKind<HttpRequest> => ({
  perform: async (effect, request, { signal }) => {
    const wire = wireOf(request);
    if (!wire) return notSent(NOT_MADE, 'The URL is not valid, or a parameter has a reserved name');
    if (request.addTwilioAuth && !isTwilio(wire.url, carrierOrigin)) return notSent(NOT_MADE, 'Only hosts of Twilio are called with the account’s credentials');
    const tokens = await patiently(() => signing.tokens(effect.account));
    const call = (key?: ApiKey) => caller.call({ ...wired(request.method, wire, tokens[0], key), ...(key && { trustedOrigin: carrierOrigin }), signal });
    const result = request.addTwilioAuth ? await withStudioKey(keys, effect, call, isRefusal) : await call();
    return outcomeOf(result);
  },
  // A lost GET is asked again; of a POST nobody can say what it did (invariant A5).
  reconcile: async (_, { method }) =>
    method === 'GET'
      ? 'again'
      : { ok: false, code: FAILED, message: 'The request was under way when the worker stopped: nobody can say whether it was received', unknown: true },
});

/** An answer as widgets take it: `{status, contentType, body, headers}`. */
export const answerPayload = ({ status, contentType, body }: Extract<OutboundResult, { kind: 'answer' }>, headers: Readonly<Record<string, string>> = {}) => ({
  status,
  contentType,
  body,
  headers: { ...headers },
});

type Wire = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signedUrl: string;
  readonly signedForm: ReturnType<typeof formOf>;
};

const wired = (method: HttpRequest['method'], { url, headers, body, signedUrl, signedForm }: Wire, token: string | undefined, key: ApiKey | undefined): OutboundRequest => ({
  method,
  url: url.href,
  headers: {
    ...headers,
    ...(token !== undefined && { 'x-twilio-signature': signatureOf(token, signedUrl, signedForm) }),
    ...(key && { authorization: `Basic ${Buffer.from(`${key.sid}:${key.secret}`).toString('base64')}` }),
  },
  ...(body !== undefined && { body }),
});

// How parameters and body travel: `spec/widgets.md` 5. Credentials in the URL are not part of what is signed: the receiver does not see them.
const wireOf = ({ method, url: text, contentType, body = '', parameters }: HttpRequest): Wire | undefined => {
  if (!URL.canParse(text) || parameters.some(([name]) => RESERVED_PARAMETERS.has(name))) return undefined;
  const url = new URL(text);
  if (method === 'GET') return wire(withQuery(url, parameters), {});
  const headers = { 'content-type': contentType };
  if (isJson(contentType)) {
    const hashed = withBodyHash(withQuery(url, parameters), body);
    return { ...wire(hashed, headers), body };
  }
  const form = body === '' ? new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value])).toString() : body;
  return { ...wire(body === '' ? url : withQuery(url, parameters), headers), body: form, signedForm: formOf([...new URLSearchParams(form)]) };
};

const wire = (url: URL, headers: Wire['headers']): Wire => ({ url, headers, signedUrl: url.origin + url.pathname + url.search, signedForm: {} });

const withQuery = (url: URL, parameters: HttpRequest['parameters']): URL => {
  if (parameters.length === 0) return url;
  const longer = new URL(url);
  const added = new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value])).toString();
  longer.search = longer.search === '' ? added : `${longer.search}&${added}`; // what stood there keeps its spelling
  return longer;
};

const isJson = (contentType: string): boolean => /^application\/json\b/i.test(contentType.trim());

// In clear the key goes only where the operator said so.
const isTwilio = (url: URL, carrierOrigin: string): boolean =>
  url.origin === carrierOrigin || (url.protocol === 'https:' && /(^|\.)twilio\.com$/.test(url.hostname));

const isRefusal = (result: OutboundResult): boolean => result.kind === 'answer' && isKeyRefusal(result.status, codeOf(result.body));

const codeOf = (body: string): unknown => {
  try {
    return (JSON.parse(body) as { code?: unknown } | null)?.code; // whatever it is, it is only compared
  } catch {
    return undefined; // not Twilio's error form
  }
};

const outcomeOf = (result: OutboundResult | NoKey): EffectOutcome => {
  if (result.kind === 'no-key') return notSent(FAILED, result.why);
  if (result.kind === 'answer') return { ok: true, payload: answerPayload(result) };
  const wasRefused = result.reason === 'invalid-url' || result.reason === 'refused-address';
  return { ok: false, code: wasRefused ? NOT_MADE : FAILED, message: result.message };
};
