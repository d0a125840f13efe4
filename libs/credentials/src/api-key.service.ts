import { type AccountSid, type KeySid, type Meta, Rejection } from '@atelier/contracts';
import { type SqlEventStore, handle, writing } from '@atelier/event-store';
import { newSid } from '@atelier/platform';
import { accounts } from './account.decider';
import { apiKeys } from './api-key.decider';
import type { CredentialTables } from './credential-tables';
import { type Secrets, newKeySecret } from './secrets';
import type { Witness } from './witness';

/** Load, decide, append: keys. `meta.accountSid` is the account whose keys are meant. */
export class ApiKeyService {
  constructor(
    private readonly store: SqlEventStore,
    private readonly tables: CredentialTables,
    private readonly secrets: Secrets,
    private readonly witness: Witness,
    private readonly region: string,
  ) {}

  /** A Standard key. Its secret is answered here and never again, for only its hash is kept. */
  async create(friendlyName: string, meta: Meta): Promise<{ readonly sid: KeySid; readonly secret: string }> {
    const { accountSid } = meta;
    await this.assertOpen(accountSid);
    const made = { sid: newSid('SK'), secret: newKeySecret() };
    const store = writing(this.store, [this.secrets.checked(made.secret, { sid: made.sid, accountSid })]);
    await handle(store, apiKeys, made.sid, { type: 'CreateApiKey', data: { accountSid, sid: made.sid, friendlyName, region: this.region } }, meta);
    return made;
  }

  /** Also of a Studio API Key, which stays in use whatever its name. */
  async rename(sid: KeySid, friendlyName: string, meta: Meta): Promise<void> {
    const { accountSid } = meta;
    const isStudioKey = await this.isStudioKey(sid, 'update', meta);
    if (isStudioKey) await handle(this.store, accounts, accountSid, { type: 'RenameStudioKey', data: { sid, friendlyName } }, meta);
    else await handle(this.store, apiKeys, sid, { type: 'RenameApiKey', data: { accountSid, friendlyName } }, meta);
  }

  /** From the commit on nobody is authenticated by it. A Studio API Key is made anew by the next execution that needs it. */
  async delete(sid: KeySid, meta: Meta): Promise<void> {
    const { accountSid } = meta;
    const isStudioKey = await this.isStudioKey(sid, 'delete', meta);
    const store = writing(this.store, [this.secrets.removed(sid)]);
    if (isStudioKey) await handle(store, accounts, accountSid, { type: 'DeleteStudioKey', data: { sid } }, meta);
    else await handle(store, apiKeys, sid, { type: 'DeleteApiKey', data: { accountSid } }, meta);
  }

  /** A change of another account's key is answered like that of a missing one, and recorded with the account that tried (invariant A10). */
  private async isStudioKey(sid: KeySid, action: 'update' | 'delete', meta: Meta): Promise<boolean> {
    try {
      const { studio_generation } = await this.tables.key(meta.accountSid, sid);
      await this.assertOpen(meta.accountSid);
      return studio_generation !== null;
    } catch (error) {
      const isForeign = error instanceof Rejection && error.name === 'NotFound' && (await this.tables.isKey(sid));
      if (isForeign) await this.witness.denied({ resource: 'account-api-keys', action, subject: sid }, meta);
      throw error;
    }
  }

  // Unspecified by Twilio: a closed account takes no changes. One that is closed meanwhile may keep a key more, which signs nobody in.
  private async assertOpen(accountSid: AccountSid): Promise<void> {
    const { status } = await this.tables.account(accountSid, accountSid);
    if (status === 'closed') throw new Rejection('Conflict', { message: `Account ${accountSid} is closed` });
  }
}
