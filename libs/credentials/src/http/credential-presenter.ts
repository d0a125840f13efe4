import { rfc2822 } from '@atelier/rest-kit';
import type { AccountRow, KeyRow } from '../credential-tables';

/**
 * The Account resource of v2010. Unspecified by Twilio: `auth_token` is null except in the answer that creates the account, so that no secret is
 * ever read back (invariant A8).
 */
export const presentAccount = (row: AccountRow, authToken: string | null = null): object => {
  const path = `/2010-04-01/Accounts/${row.sid}`;
  return {
    sid: row.sid,
    owner_account_sid: row.owner_sid,
    friendly_name: row.friendly_name,
    status: row.status,
    type: 'Full',
    auth_token: authToken,
    ...datesOf(row),
    uri: `${path}.json`,
    subresource_uris: { keys: `${path}/Keys.json`, signing_keys: `${path}/SigningKeys.json` },
  };
};

/** The Key resource of v2010, with its secret only where it was just made. */
export const presentKey = (row: KeyRow, secret?: string): object => ({
  sid: row.sid,
  friendly_name: row.friendly_name,
  ...datesOf(row),
  ...(secret !== undefined && { secret }),
});

/** The same of IAM: standard keys have no policy. Its dates are those of v2010, as the official client reads them. */
export const presentIamKey = (row: KeyRow, secret?: string): object => ({ ...presentKey(row, secret), policy: null });

export const presentListedIamKey = (row: KeyRow): object => ({ ...presentKey(row), flags: ['rest_api', 'signing'] });

const datesOf = ({ created_at, updated_at }: AccountRow | KeyRow) => ({ date_created: rfc2822(created_at), date_updated: rfc2822(updated_at) });
