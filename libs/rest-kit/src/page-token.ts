import { createHash } from 'node:crypto';
import { z } from 'zod';
import { invalidParameter } from './parameters';

/** `next` goes on in the order of the list, `previous` against it. */
export type Direction = 'next' | 'previous';

/** Opaque text for a place in a list. Bound to the list's path, so that a token of another list, or a changed one, is refused. */
export const pageToken = (path: string, direction: Direction, cursor: unknown): string => {
  const json = JSON.stringify([direction, cursor]);
  return Buffer.from(checksum(path, json) + json).toString('base64url');
};

/** The place that a token names; 400/20001 for anything that this list did not issue. */
export const placeOf = <C>(path: string, token: string, cursor: z.ZodType<C>): { direction: Direction; cursor: C } => {
  const text = Buffer.from(token, 'base64url').toString();
  const json = text.slice(CHECKSUM_CHARACTERS);
  if (text.slice(0, CHECKSUM_CHARACTERS) !== checksum(path, json)) throw unknownToken();
  const place = z.tuple([z.enum(['next', 'previous']), cursor]).safeParse(valueOf(json));
  if (!place.success) throw unknownToken();
  return { direction: place.data[0], cursor: place.data[1] };
};

const unknownToken = () => invalidParameter('PageToken', 'expected a token from a page URL of this list');

const valueOf = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // a forged token: no schema takes this
  }
};

const CHECKSUM_CHARACTERS = 12;

const checksum = (path: string, json: string): string => createHash('sha256').update(`${path}\n${json}`).digest('hex').slice(0, CHECKSUM_CHARACTERS);
