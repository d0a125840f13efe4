import type { AccountSid } from '@atelier/contracts';
import type { EventStore } from '@atelier/event-store';
import { type Clock, type Queryable, Remembered } from '@atelier/platform';
import type { SigningToken } from '@atelier/twilio-client';
import type { Vault } from './vault';

const TOKEN = {
  name: 'credentials.token',
  text: `select s.sealed from secret s join account a on a.sid = s.sid where s.sid = $1 and a.status = 'active' and s.sealed is not null`,
};

/** Auth tokens for signatures. None for an account that is unknown, suspended or closed: nothing signed with its token is believed. */
export class StoredSigningToken implements SigningToken {
  private readonly known: Remembered<readonly string[]>;

  constructor(
    private readonly db: Queryable,
    store: Pick<EventStore, 'onAppend'>,
    clock: Pick<Clock, 'monotonicMs'>,
    private readonly vault: Vault,
  ) {
    this.known = new Remembered(store, clock);
  }

  async tokens(account: AccountSid): Promise<readonly string[]> {
    return (await this.known.get(account, () => this.read(account))) ?? [];
  }

  private async read(account: AccountSid): Promise<readonly string[] | undefined> {
    const [row] = await this.db.query<{ sealed: string }>(TOKEN, [account]);
    return row && [this.vault.open(row.sealed, { sid: account, accountSid: account })];
  }
}
