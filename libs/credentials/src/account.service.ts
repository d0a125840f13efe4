import { type AccountSid, type Meta, Rejection, operatorMeta } from '@atelier/contracts';
import { type SqlEventStore, handle, writing } from '@atelier/event-store';
import { newSid } from '@atelier/platform';
import type { CredentialCheck } from '@atelier/rest-kit';
import { accounts } from './account.decider';
import type { CredentialTables } from './credential-tables';
import type { AccountStatus } from './credentials.events';
import { type Secrets, newAuthToken } from './secrets';

/** The first account of an installation, as its operator names it. */
export type SeedAccount = { readonly accountSid: AccountSid; readonly authToken: string; readonly friendlyName?: string };

/** What is left out stays as it is. */
export type AccountChanges = { readonly friendlyName?: string | undefined; readonly status?: AccountStatus | undefined };

/** Load, decide, append: accounts and their auth tokens. */
export class AccountService {
  constructor(
    private readonly store: SqlEventStore,
    private readonly tables: CredentialTables,
    private readonly secrets: Secrets,
    private readonly check: CredentialCheck,
    private readonly region: string,
  ) {}

  /** A subaccount of the caller. Its auth token is answered here and never again. */
  async create(friendlyName: string, meta: Meta): Promise<{ readonly sid: AccountSid; readonly authToken: string }> {
    const owner = await this.tables.account(meta.accountSid, meta.accountSid);
    if (owner.owner_sid !== owner.sid) throw new Rejection('PermissionDenied', { message: 'A subaccount cannot have subaccounts' });
    const made = { sid: newSid('AC'), authToken: newAuthToken() };
    await this.stored(made.sid, made.authToken, { ownerSid: owner.sid, friendlyName }, meta);
    return made;
  }

  /** `caller` is that account or its owner. Recorded for whoever acts, as the creation is: a closed account could not read of its end. */
  async update(caller: AccountSid, sid: AccountSid, changes: AccountChanges, meta: Meta): Promise<void> {
    await this.tables.account(caller, sid);
    await handle(this.store, accounts, sid, { type: 'UpdateAccount', data: { ...changes, by: caller } }, { ...meta, accountSid: caller });
  }

  /** At every start: makes the account if it is missing, and gives it this token if it has another. */
  async seed({ accountSid, authToken, friendlyName = 'Atelier' }: SeedAccount): Promise<void> {
    const meta = operatorMeta(accountSid, this.region);
    if (await this.stored(accountSid, authToken, { ownerSid: accountSid, friendlyName }, meta)) return;
    if (await this.check.check(accountSid, authToken)) return;
    await handle(this.holding(accountSid, authToken), accounts, accountSid, { type: 'ReplaceAuthToken', data: {} }, meta);
  }

  private async stored(accountSid: AccountSid, token: string, account: { ownerSid: AccountSid; friendlyName: string }, meta: Meta): Promise<boolean> {
    const events = await handle(this.holding(accountSid, token), accounts, accountSid, { type: 'CreateAccount', data: { accountSid, ...account } }, meta);
    return events.length > 0;
  }

  private holding(accountSid: AccountSid, token: string) {
    return writing(this.store, [this.secrets.used(token, { sid: accountSid, accountSid })]);
  }
}
