import { type Queryable, newSid } from '@atelier/platform';
import type { KeyAuthority } from './key-authority.port';
import { newKeySecret } from './secrets';

/** This installation is the authority: a key exists while its row does. */
export const localKeyAuthority = (db: Queryable): KeyAuthority => ({
  create: async () => ({ sid: newSid('SK'), secret: newKeySecret() }),
  discard: async () => undefined, // it was never stored
  exists: async (account, sid) => (await db.query('select 1 from api_key where sid = $1 and account_sid = $2', [sid, account])).length > 0,
});
