import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether a request's `Authorization` bears the token of this installation (`ATELIER_INTERNAL_TOKEN`). Without a token nobody does. */
export const bearsToken = (authorization: string | undefined, token: string | undefined): boolean =>
  token !== undefined && authorization !== undefined && timingSafeEqual(digest(authorization), digest(`Bearer ${token}`));
