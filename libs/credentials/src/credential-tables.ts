import { type AccountSid, type KeySid, Rejection } from '@atelier/contracts';
import type { Queryable } from '@atelier/platform';
import { type Page, type PageQuery, keyset, pageOf } from '@atelier/rest-kit';
import type { AccountStatus } from './credentials.events';

export type AccountRow = {
  readonly sid: AccountSid;
  readonly owner_sid: AccountSid;
  readonly friendly_name: string;
  readonly status: AccountStatus;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** `studio_generation` is null for keys that people made. */
export type KeyRow = {
  readonly sid: KeySid;
  readonly account_sid: AccountSid;
  readonly friendly_name: string;
  readonly studio_generation: number | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** The place in a list: a date and an identifier. */
export type Place = readonly [date: string, sid: string];

export type AccountFilter = { readonly friendlyName?: string | undefined; readonly status?: AccountStatus | undefined };

const ACCOUNT = 'sid, owner_sid, friendly_name, status, created_at, updated_at';
const KEY = 'sid, account_sid, friendly_name, studio_generation, created_at, updated_at';

/** What REST reads of accounts and keys. Those of others are not there. */
export class CredentialTables {
  constructor(private readonly db: Queryable) {}

  /** An account that this one may see: itself or one of its subaccounts. */
  async account(caller: AccountSid, sid: AccountSid): Promise<AccountRow> {
    return one(await this.db.query<AccountRow>(`select ${ACCOUNT} from account where sid = $1 and (sid = $2 or owner_sid = $2)`, [sid, caller]));
  }

  /** Whether one account may act for the other. */
  async isAuthorityOver(caller: AccountSid, sid: AccountSid): Promise<boolean> {
    return caller === sid || (await this.db.query('select 1 from account where sid = $1 and owner_sid = $2', [sid, caller])).length > 0;
  }

  /** An account and its subaccounts, newest first. */
  accounts(caller: AccountSid, { friendlyName, status }: AccountFilter, page: PageQuery<Place>): Promise<Page<AccountRow>> {
    return pageOf(
      page,
      (row: AccountRow): Place => [row.created_at.toISOString(), row.sid],
      (scan) => {
        const { where, orderBy, limit, values } = keyset(['created_at', 'sid'], 'desc', scan, 4);
        const text = `select ${ACCOUNT} from account where (owner_sid = $1 or sid = $1)
          and ($2::text is null or friendly_name = $2) and ($3::text is null or status = $3) and ${where} order by ${orderBy} limit ${limit}`;
        return this.db.query<AccountRow>(text, [caller, friendlyName ?? null, status ?? null, ...values]);
      },
    );
  }

  async key(account: AccountSid, sid: KeySid): Promise<KeyRow> {
    return one(await this.db.query<KeyRow>(`select ${KEY} from api_key where sid = $1 and account_sid = $2`, [sid, account]));
  }

  /** Whether the key is there, whoever it belongs to. */
  async isKey(sid: KeySid): Promise<boolean> {
    return (await this.db.query('select 1 from api_key where sid = $1', [sid])).length > 0;
  }

  /** Keys of an account, the last changed first. */
  keys(account: AccountSid, page: PageQuery<Place>): Promise<Page<KeyRow>> {
    return pageOf(
      page,
      (row: KeyRow): Place => [row.updated_at.toISOString(), row.sid],
      (scan) => {
        const { where, orderBy, limit, values } = keyset(['updated_at', 'sid'], 'desc', scan, 2);
        return this.db.query<KeyRow>(`select ${KEY} from api_key where account_sid = $1 and ${where} order by ${orderBy} limit ${limit}`, [account, ...values]);
      },
    );
  }
}

const one = <R>([row]: readonly R[]): R => {
  if (row === undefined) throw new Rejection('NotFound');
  return row;
};
