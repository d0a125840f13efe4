import type { AccountSid } from '@atelier/contracts';
import type { ApiKey } from '@atelier/twilio-client';

/**
 * Where an account's keys really live: this installation, or the provider. It decides whether a key exists; our log tells what we know of it.
 * Its failures are Faults.
 */
export interface KeyAuthority {
  /** A new key of this name. It counts once its event is stored; one that loses against another process is discarded. */
  create(account: AccountSid, friendlyName: string): Promise<ApiKey>;
  discard(account: AccountSid, key: ApiKey): Promise<void>;
  /** Whether the key is there now: asked of the authority itself, never of a cache. */
  exists(account: AccountSid, sid: string): Promise<boolean>;
}
