import { type AccountSid, Rejection } from '@atelier/contracts';
import { type Clock, type Queryable, isUniqueViolation, newSid } from '@atelier/platform';
import { type Page, type PageQuery, keyset, pageOf } from '@atelier/rest-kit';

/** What a number calls, under the names that the resource has. */
export type NumberSettings = {
  readonly sms_url: string;
  readonly sms_method: 'GET' | 'POST';
  readonly sms_fallback_url: string;
  readonly sms_fallback_method: 'GET' | 'POST';
  readonly voice_url: string;
  readonly voice_method: 'GET' | 'POST';
  readonly voice_fallback_url: string;
  readonly voice_fallback_method: 'GET' | 'POST';
  readonly status_callback: string;
  readonly status_callback_method: 'GET' | 'POST';
};

export type PhoneNumber = {
  readonly sid: string;
  readonly account: AccountSid;
  readonly phoneNumber: string;
  readonly friendlyName: string;
  readonly settings: NumberSettings;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

export type NumberPlace = readonly [createdAt: string, sid: string];
export type NumberChanges = { readonly friendlyName?: string | undefined; readonly settings: Partial<NumberSettings> };
export type NumberFilter = { readonly phoneNumber?: string | undefined; readonly friendlyName?: string | undefined };

const DEFAULTS: NumberSettings = {
  sms_url: '',
  sms_method: 'POST',
  sms_fallback_url: '',
  sms_fallback_method: 'POST',
  voice_url: '',
  voice_method: 'POST',
  voice_fallback_url: '',
  voice_fallback_method: 'POST',
  status_callback: '',
  status_callback_method: 'POST',
};

const COLUMNS = `sid, account, phone_number as "phoneNumber", friendly_name as "friendlyName", settings::json as settings, created_at as "createdAt", updated_at as "updatedAt"`;

/** The numbers of an account. Every number is free: this carrier sells nothing. */
export class PhoneNumbers {
  constructor(
    private readonly db: Queryable,
    private readonly clock: Clock,
  ) {}

  async create(account: AccountSid, phoneNumber: string, { friendlyName = phoneNumber, settings }: NumberChanges): Promise<PhoneNumber> {
    const now = new Date(this.clock.nowMs());
    const made: PhoneNumber = { sid: newSid('PN'), account, phoneNumber, friendlyName, settings: { ...DEFAULTS, ...settings }, createdAt: now, updatedAt: now };
    try {
      const text = 'insert into phone_number (sid, account, phone_number, friendly_name, settings, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $6)';
      await this.db.query(text, [made.sid, account, phoneNumber, friendlyName, JSON.stringify(made.settings), now]);
      return made;
    } catch (error) {
      if (isUniqueViolation(error, 'phone_number_once')) throw new Rejection('PhoneNumberTaken', { message: `${phoneNumber} is one of this account's numbers already` });
      throw error;
    }
  }

  /** What is not named stays, also where two change it at once. */
  async update(account: AccountSid, sid: string, { friendlyName, settings }: NumberChanges): Promise<PhoneNumber> {
    const text = `update phone_number set friendly_name = coalesce($3, friendly_name), settings = (settings::jsonb || $4::jsonb)::text, updated_at = $5
      where account = $1 and sid = $2 returning ${COLUMNS}`;
    return one(await this.db.query<PhoneNumber>(text, [account, sid, friendlyName ?? null, JSON.stringify(settings), new Date(this.clock.nowMs())]));
  }

  async fetch(account: AccountSid, sid: string): Promise<PhoneNumber> {
    return one(await this.db.query<PhoneNumber>(`select ${COLUMNS} from phone_number where account = $1 and sid = $2`, [account, sid]));
  }

  /** The account's number with these digits, if it is one. */
  async named(account: AccountSid, phoneNumber: string): Promise<PhoneNumber | undefined> {
    return (await this.db.query<PhoneNumber>(`select ${COLUMNS} from phone_number where account = $1 and phone_number = $2`, [account, phoneNumber]))[0];
  }

  async delete(account: AccountSid, sid: string): Promise<void> {
    one(await this.db.query('delete from phone_number where account = $1 and sid = $2 returning sid', [account, sid]));
  }

  /** Newest first; a number may be given in part, as at Twilio. */
  list(account: AccountSid, { phoneNumber, friendlyName }: NumberFilter, page: PageQuery<NumberPlace>): Promise<Page<PhoneNumber>> {
    return pageOf(
      page,
      (row: PhoneNumber): NumberPlace => [row.createdAt.toISOString(), row.sid],
      (scan) => {
        const { where, orderBy, limit, values } = keyset(['created_at', 'sid'], 'desc', scan, 4);
        const text = `select ${COLUMNS} from phone_number where account = $1 and ($2::text is null or strpos(phone_number, $2) > 0)
          and ($3::text is null or friendly_name = $3) and ${where} order by ${orderBy} limit ${limit}`;
        return this.db.query<PhoneNumber>(text, [account, phoneNumber ?? null, friendlyName ?? null, ...values]);
      },
    );
  }
}

const one = <R>([row]: readonly R[]): R => {
  if (row === undefined) throw new Rejection('NotFound');
  return row;
};
