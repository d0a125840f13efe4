import type { AccountSid, Sid } from '@atelier/contracts';
import type { EventStore } from '@atelier/event-store';
import { type Clock, type Queryable, Remembered } from '@atelier/platform';
import { type CredentialCheck, type Principal, normalSid } from '@atelier/rest-kit';
import type { Vault } from './vault';

type Known = { readonly principal: Principal; readonly hash: Buffer };
type Row = { readonly account_sid: AccountSid; readonly hash: Buffer };

// Keys work in their region only; suspended and closed accounts not at all.
const KNOWN = {
  name: 'credentials.known',
  text: `select s.account_sid, s.hash from secret s join account a on a.sid = s.account_sid left join api_key k on k.sid = s.sid
    where s.sid = $1 and a.status = 'active' and (s.sid = s.account_sid or k.region = $2)`,
};

/** Accounts by their auth token, keys by their secret. A secret is hashed with each request and never kept. */
export class StoredCredentialCheck implements CredentialCheck {
  private readonly known: Remembered<Known>;

  constructor(
    private readonly db: Queryable,
    store: Pick<EventStore, 'onAppend'>,
    clock: Pick<Clock, 'monotonicMs'>,
    private readonly vault: Vault,
    private readonly region: string,
  ) {
    this.known = new Remembered(store, clock);
  }

  async check(user: string, secret: string): Promise<Principal | undefined> {
    const sid = normalSid(user as Sid); // what is no identifier is not found
    const known = await this.known.get(sid, () => this.read(sid));
    return known && this.vault.matches(sid, secret, known.hash) ? known.principal : undefined;
  }

  private async read(sid: string): Promise<Known | undefined> {
    const [row] = await this.db.query<Row>(KNOWN, [sid, this.region]);
    if (!row) return undefined;
    const { account_sid: accountSid, hash } = row;
    const isToken = sid === accountSid;
    return { hash, principal: { accountSid, kind: isToken ? 'auth-token' : 'standard-key', credentialSid: isToken ? null : sid } };
  }
}
