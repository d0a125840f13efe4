/**
 * The Studio API Key of each account, in this region and store generation (`spec/audit-and-keys.md` 3.1).
 *
 * K1. At most one is current (A9): the account's stream decides; who loses takes the winner's.
 * K2. It is made when it is needed, never by its deletion.
 * K3. Its secret and its event are stored in one transaction.
 * K4. A refused key is replaced only once the authority says that it is gone.
 */
import { type AccountSid, type KeySid, Fault, engineMeta } from '@atelier/contracts';
import { type EventStore, type SqlEventStore, handle, writing } from '@atelier/event-store';
import { type Clock, type Queryable, ConnectionLost, Remembered, newSid } from '@atelier/platform';
import type { ApiKey, StudioKey, StudioKeyCause } from '@atelier/twilio-client';
import { type AccountCommand, STUDIO_KEY_NAME, accounts } from './account.decider';
import type { AccountEvent } from './credentials.events';
import type { KeyAuthority } from './key-authority.port';
import { Pace, type Wait } from './pace';
import type { Secrets } from './secrets';
import type { Vault } from './vault';

/** Which of an account's Studio API Keys is meant here. */
export type StudioPlace = { readonly region: string; readonly generation: number };

export type StudioKeyParts = {
  readonly db: Queryable;
  readonly store: SqlEventStore;
  readonly vault: Vault;
  readonly secrets: Secrets;
  readonly authority: KeyAuthority;
  readonly clock: Clock;
  readonly wait: Wait;
};

const CURRENT = {
  name: 'credentials.studio-key',
  text: `select k.sid, s.sealed from api_key k join secret s on s.sid = k.sid join account a on a.sid = k.account_sid
    where k.account_sid = $1 and k.region = $2 and k.studio_generation = $3 and a.status <> 'closed'`,
};

export class StudioKeyDesk implements StudioKey {
  private readonly current: Remembered<ApiKey>;
  private readonly making = new Map<AccountSid, Promise<ApiKey>>();
  private readonly pace: Pace;

  constructor(
    private readonly parts: StudioKeyParts,
    private readonly place: StudioPlace,
  ) {
    this.current = new Remembered(parts.store, parts.clock);
    this.pace = new Pace(parts.clock, parts.wait);
  }

  /** A Rejection where the account is unknown, suspended without a key, or closed: none is made for it. */
  async ensure(account: AccountSid, cause: StudioKeyCause): Promise<ApiKey> {
    return (await this.known(account)) ?? this.made(account, cause);
  }

  async replaceRefused(account: AccountSid, refusedSid: string, cause: StudioKeyCause): Promise<ApiKey | undefined> {
    if (await this.parts.authority.exists(account, refusedSid)) return undefined; // keeps K4
    this.current.forget(account);
    if ((await this.known(account))?.sid === refusedSid) await this.buried(account, refusedSid as KeySid, cause); // it is one of ours
    return this.ensure(account, cause);
  }

  private known(account: AccountSid): Promise<ApiKey | undefined> {
    return this.current.get(account, () => this.read(account));
  }

  // The authority lost a key that our log still has: seen from outside, somebody deleted it.
  private async buried(account: AccountSid, sid: KeySid, cause: StudioKeyCause): Promise<void> {
    const { store, secrets } = this.parts;
    await this.handled(writing(store, [secrets.removed(sid)]), account, { type: 'ConfirmStudioKeyGone', data: { sid } }, cause);
  }

  private made(account: AccountSid, cause: StudioKeyCause): Promise<ApiKey> {
    const running = this.making.get(account);
    if (running) return running;
    const making = this.make(account, cause).finally(() => this.making.delete(account));
    this.making.set(account, making);
    return making;
  }

  private async make(account: AccountSid, cause: StudioKeyCause): Promise<ApiKey> {
    const { store, secrets, authority } = this.parts;
    await this.pace.take(account);
    const found = await this.read(account);
    if (found) return found; // another process made it meanwhile
    const key = await authority.create(account, STUDIO_KEY_NAME);
    const sid = key.sid as KeySid; // authorities make keys
    const data = { sid, credentialSid: newSid('CR'), ...this.place };
    const alongside = [secrets.used(key.secret, { sid, accountSid: account })]; // keeps K3
    const events = await this.handled(writing(store, alongside), account, { type: 'EnsureStudioKey', data }, cause).catch(async (error: unknown) => {
      if (!(error instanceof ConnectionLost)) await authority.discard(account, key); // else it may have been stored
      throw error;
    });
    return events.length > 0 ? key : this.winner(account, key);
  }

  // Keeps K1.
  private async winner(account: AccountSid, mine: ApiKey): Promise<ApiKey> {
    await this.parts.authority.discard(account, mine);
    const found = await this.read(account);
    if (!found) throw new Fault(`expected the Studio API Key of ${account} that was just made, found it deleted`);
    return found;
  }

  private handled(store: EventStore, account: AccountSid, command: AccountCommand, cause: StudioKeyCause): Promise<readonly AccountEvent[]> {
    return handle(store, accounts, account, command, engineMeta(account, this.place.region, cause));
  }

  private async read(account: AccountSid): Promise<ApiKey | undefined> {
    const { db, vault } = this.parts;
    const [row] = await db.query<{ sid: KeySid; sealed: string }>(CURRENT, [account, this.place.region, this.place.generation]);
    return row && { sid: row.sid, secret: vault.open(row.sealed, { sid: row.sid, accountSid: account }) };
  }
}
