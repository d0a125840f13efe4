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
    keep(request, body);
    try {
      done(null, parseForm(body));
    } catch (error) {
      done(error instanceof Error ? error : new Rejection('MalformedBody'));
    }
  });
  instance.addContentTypeParser(/^application\/([\w.-]+\+)?json\b/i, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    keep(request, body);
    if (body.length === 0) return done(null, undefined); // some clients name a type without sending anything
    const text = utf8(body);
    if (text === undefined) return done(malformed('it is not UTF-8'));
    json(request, text, (error, value) => (error ? done(malformed('it is not JSON')) : done(null, value)));
  });
};

/** Form text → values. Throws Rejection where it is not UTF-8 or names `__proto__`. A stray percent sign stands for itself, as in browsers. */
export const parseForm = (body: Buffer): FormBody => {
  const form: FormBody = {};
  for (const pair of body.toString('latin1').split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decoded(pair.slice(equals + 1));
    if (name === '__proto__') throw malformed('it names __proto__');
    const before = Object.hasOwn(form, name) ? form[name] : undefined;
    if (before === undefined) form[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else form[name] = [before, value];
  }
  return form;
};

const malformed = (why: string) => new Rejection('MalformedBody', { message: `The request body could not be read: ${why}` });

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

// `text` holds one byte a character.
const decoded = (text: string): string => {
  const spaced = text.replaceAll('+', ' ');
  const bytes = Buffer.from(spaced.includes('%') ? spaced.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))) : spaced, 'latin1');
  const result = utf8(bytes);
  if (result === undefined) throw malformed('it is not UTF-8');
  return result;
};
