import type { Projection, Recorded, Write } from '@atelier/event-store';
import type { AccountStatus } from '../credentials.events';
import { rowsOf } from './stored';

/**
 * One row per account. A batch is applied type by type, and of each type the newest event wins; a status keeps the version that set it, because its
 * changes are three types.
 */
export const accountTable: Projection = {
  name: 'account',
  on: {
    AccountCreated: (events) => ({
      statement: `insert into account (sid, owner_sid, friendly_name, status, status_version, created_at, updated_at)
        select sid, owner_sid, friendly_name, 'active', 1, at, at
          from json_to_recordset($1::json) as created (sid text, owner_sid text, friendly_name text, at timestamptz)`,
      values: [
        rowsOf<'AccountCreated'>(events, ({ at, data }) => ({ sid: data.accountSid, owner_sid: data.ownerSid, friendly_name: data.friendlyName, at })),
      ],
    }),
    AccountRenamed: (events) => ({
      statement: `update account set friendly_name = renamed.friendly_name, updated_at = greatest(account.updated_at, renamed.at)
        from (select distinct on (sid) * from json_to_recordset($1::json) as renamed (sid text, friendly_name text, version int, at timestamptz)
               order by sid, version desc) as renamed
        where account.sid = renamed.sid`,
      values: [
        rowsOf<'AccountRenamed'>(events, ({ at, version, data }) => ({ sid: data.accountSid, friendly_name: data.friendlyName, version, at })),
      ],
    }),
    AccountSuspended: (events) => became('suspended', events),
    AccountReactivated: (events) => became('active', events),
    AccountClosed: (events) => became('closed', events),
  },
  clear: async (tx) => void (await tx.query('delete from account')),
};

const became = (status: AccountStatus, events: readonly Recorded[]): Write => ({
  statement: `update account set status = $2, status_version = changed.version, updated_at = greatest(account.updated_at, changed.at)
    from (select sid, max(version) as version, max(at) as at
            from json_to_recordset($1::json) as changed (sid text, version int, at timestamptz) group by sid) as changed
    where account.sid = changed.sid and account.status_version < changed.version`,
  values: [rowsOf(events, ({ at, version, stream }) => ({ sid: stream, version, at })), status],
});
