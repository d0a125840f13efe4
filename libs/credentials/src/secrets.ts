import type { AccountSid } from '@atelier/contracts';
import type { Write } from '@atelier/event-store';
import { randomBytes, randomInt } from 'node:crypto';
import type { Bound, Vault } from './vault';

/** Statements that go with events: a secret is stored in the transaction of the event that made it, and removed in that which ended it. */
export class Secrets {
  constructor(private readonly vault: Vault) {}

  /** Only to check it: nothing here can give it back. */
  checked(secret: string, bound: Bound): Write {
    return this.stored(bound, secret, null);
  }

  /** To check it and to use it again. */
  used(secret: string, bound: Bound): Write {
    return this.stored(bound, secret, this.vault.seal(secret, bound));
  }

  removed(sid: string): Write {
    return { statement: 'delete from secret where sid = $1', values: [sid] };
  }

  private stored({ sid, accountSid }: { readonly sid: string; readonly accountSid: AccountSid }, secret: string, sealed: string | null): Write {
    return {
      statement: `insert into secret (sid, account_sid, hash, sealed) values ($1, $2, $3, $4)
        on conflict (sid) do update set hash = excluded.hash, sealed = excluded.sealed`,
      values: [sid, accountSid, this.vault.hash(sid, secret), sealed],
    };
  }
}

/** An auth token as Twilio's: 32 hexadecimal digits. twilio-cli refuses any other length. */
export const newAuthToken = (): string => randomBytes(16).toString('hex');

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const KEY_SECRET_CHARACTERS = 32; // 190 bits

/** The secret of a key as Twilio's: 32 letters and digits. */
export const newKeySecret = (): string => Array.from({ length: KEY_SECRET_CHARACTERS }, () => LETTERS[randomInt(LETTERS.length)]).join('');
