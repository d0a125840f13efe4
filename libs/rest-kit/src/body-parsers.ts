import { Rejection } from '@atelier/contracts';
import type { FastifyInstance } from 'fastify';
import type { EdgeRequest } from './edge';

/** A form as received: repeated names become arrays, names keep the order of their first occurrence. */
export type FormBody = Record<string, string | string[]>;

/** Forms and JSON; the bytes stay on the request for signatures. Everything else is answered with 415. */
export const registerBodyParsers = (instance: FastifyInstance): void => {
  instance.removeAllContentTypeParsers();
  const json = instance.getDefaultJsonParser('error', 'error');
  instance.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (isTooLarge(request, body)) return done(new Rejection('BodyTooLarge'));
    keep(request, body);
    try {
      done(null, parseForm(body));
    } catch (error) {
      done(error instanceof Error ? error : new Rejection('MalformedBody'));
    }
  });
  instance.addContentTypeParser(/^application\/([\w.-]+\+)?json\b/i, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (isTooLarge(request, body)) return done(new Rejection('BodyTooLarge'));
    keep(request, body);
    if (body.length === 0) return done(null, undefined); // some clients name a type without sending anything
    const text = utf8(body);
    if (text === undefined) return done(malformed('it is not UTF-8'));
    json(request, text, (error, value) => (error ? done(malformed('it is not JSON, or names __proto__ or constructor.prototype')) : done(null, value)));
  });
};

/**
 * Form text → values. Throws Rejection where it is not UTF-8, names `__proto__` or has too many parts. A stray percent sign stands for itself, as in
 * browsers. Webhooks are read before anybody has proven anything, so 4 MiB of any form must cost little: 25 ms, where regular expressions took 700.
 */
export const parseForm = (body: Buffer): FormBody => {
  const form: FormBody = {};
  let parts = 0;
  for (let start = 0; start < body.length; ) {
    const found = body.indexOf(AMPERSAND, start);
    const end = found < 0 ? body.length : found;
    if (++parts > PARTS_MAX) throw malformed(`it has more than ${PARTS_MAX} parameters`);
    if (end > start) add(form, body.subarray(start, end));
    start = end + 1;
  }
  return form;
};

const add = (form: FormBody, pair: Buffer): void => {
  const equals = pair.indexOf(EQUALS);
  const name = decoded(equals < 0 ? pair : pair.subarray(0, equals));
  const value = equals < 0 ? '' : decoded(pair.subarray(equals + 1));
  if (name === '__proto__') throw malformed('it names __proto__');
  const before = Object.hasOwn(form, name) ? form[name] : undefined;
  if (before === undefined) form[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else form[name] = [before, value];
};

const PARTS_MAX = 10_000; // Unspecified by Twilio: no request of its clients has more than some hundreds
const [AMPERSAND, EQUALS, PERCENT, PLUS, SPACE] = [0x26, 0x3d, 0x25, 0x2b, 0x20];

const malformed = (why: string) => new Rejection('MalformedBody', { message: `The request body could not be read: ${why}` });

const PUBLIC_BYTES_MAX = 1_048_576; // Unspecified by Twilio; a webhook has some kilobytes, and nobody has proven anything before it is read

const isTooLarge = ({ routeOptions }: EdgeRequest, { length }: Buffer): boolean => routeOptions.config.access === 'public' && length > PUBLIC_BYTES_MAX;

const keep = (request: EdgeRequest, body: Buffer): void => {
  request.rawBody = body;
};

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const utf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // the decoder's own words would not help the caller
  }
};

const decoded = (encoded: Buffer): string => {
  const bytes = Buffer.allocUnsafe(encoded.length);
  let length = 0;
  for (let i = 0; i < encoded.length; i++) {
    const byte = encoded[i];
    const escape = byte === PERCENT ? hexOf(encoded, i + 1) : -1;
    if (escape >= 0) i += 2;
    bytes[length++] = escape >= 0 ? escape : byte === PLUS ? SPACE : (byte ?? 0);
  }
  const result = utf8(bytes.subarray(0, length));
  if (result === undefined) throw malformed('it is not UTF-8');
  return result;
};

/** The byte that two hexadecimal digits stand for; negative where they are none. */
const hexOf = (bytes: Buffer, at: number): number => {
  const [high, low] = [DIGITS[bytes[at] ?? 0] ?? -1, DIGITS[bytes[at + 1] ?? 0] ?? -1];
  return high < 0 || low < 0 ? -1 : high * 16 + low;
};

const DIGITS = Int8Array.from({ length: 256 }, (_, byte) => '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase()));
