import { createHash, timingSafeEqual } from 'node:crypto';
// The deep path costs 5 ms to load, the package's front door 284.
import { getExpectedTwilioSignature, validateRequest } from 'twilio/lib/webhooks/webhooks';

/** A form as received or sent: repeated names have several values. */
export type SignedForm = Readonly<Record<string, string | readonly string[]>>;

/** What arrived, with the URL that the sender was told to call: scheme, host and query as they came, not re-encoded. */
export type SignedRequest = {
  readonly url: string;
  readonly signature: string | undefined;
  /** How the parameters are covered: form fields by the signature itself, any other body by `bodySHA256` in the URL. */
  readonly body: { readonly kind: 'none' } | { readonly kind: 'form'; readonly form: SignedForm } | { readonly kind: 'bytes'; readonly bytes: Uint8Array };
};

/**
 * Whether one of the account's tokens signed this request (`spec/audit-and-keys.md` 8). As the official validator: with and without the standard
 * port, and with the query re-encoded in the legacy way.
 */
export const isSigned = (request: SignedRequest, tokens: readonly string[]): boolean => {
  const { url, signature, body } = request;
  if (!signature || !URL.canParse(url)) return false;
  if (body.kind === 'bytes' && !isHashOf(new URL(url).searchParams.get('bodySHA256') ?? '', body.bytes)) return false;
  const form = body.kind === 'form' ? mutable(body.form) : {};
  // The URL as it was called, first: the official validator tries it last where the port is not the standard one.
  return tokens.some((token) => isEqual(getExpectedTwilioSignature(token, url, form), signature) || validateRequest(token, signature, url, form));
};

/** X-Twilio-Signature of a request that we make. `url` as it goes over the wire, without credentials and fragment. */
export const signatureOf = (token: string, url: string, form: SignedForm = {}): string => getExpectedTwilioSignature(token, url, mutable(form));

/** The URL that is called, and signed, where the body is not a form: with the hash by which the receiver checks the body. */
export const withBodyHash = (url: URL, body: string): URL => {
  const hashed = new URL(url);
  hashed.search += `${hashed.search === '' ? '' : '&'}bodySHA256=${hashOf(Buffer.from(body))}`;
  return hashed;
};

/** Name-value pairs as a form: repeated names gather their values. */
export const formOf = (pairs: readonly (readonly [string, string])[]): SignedForm => {
  const form = new Map<string, string[]>();
  for (const [name, value] of pairs) form.set(name, [...(form.get(name) ?? []), value]);
  return Object.fromEntries(form);
};

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const isHashOf = (claimed: string, bytes: Uint8Array): boolean => isEqual(hashOf(bytes), claimed);

/** In a time that tells nothing of where they differ. */
const isEqual = (expected: string, found: string): boolean => {
  const [one, other] = [Buffer.from(expected), Buffer.from(found)];
  return one.length === other.length && timingSafeEqual(one, other);
};

// The official functions take a plain mutable object; they only read it.
const mutable = (form: SignedForm): Record<string, unknown> => ({ ...form });
