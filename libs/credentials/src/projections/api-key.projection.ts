import type { Projection } from '@atelier/event-store';
import { rowsOf } from './stored';

/** One row per key that is there, Studio API Keys included: what GET Keys lists. */
export const apiKeyTable: Projection = {
  name: 'api_key',
  on: {
    ApiKeyCreated: (events) => created(rowsOf<'ApiKeyCreated'>(events, ({ at, data }) => ({ ...data, at, generation: null }))),
    StudioKeyCreated: (events) => created(rowsOf<'StudioKeyCreated'>(events, ({ at, data }) => ({ ...data, at }))),
    ApiKeyRenamed: (events) => ({
      statement: `update api_key set friendly_name = renamed.name, updated_at = greatest(api_key.updated_at, renamed.at)
        from (select distinct on (sid) * from json_to_recordset($1::json) as renamed (sid text, name text, version int, at timestamptz)
               order by sid, version desc) as renamed
        where api_key.sid = renamed.sid`,
      values: [rowsOf<'ApiKeyRenamed'>(events, ({ at, version, data }) => ({ sid: data.sid, name: data.friendlyName, version, at }))],
    }),
    ApiKeyDeleted: (events) => ({
      statement: 'delete from api_key where sid in (select sid from json_to_recordset($1::json) as deleted (sid text))',
      values: [rowsOf<'ApiKeyDeleted'>(events, ({ data }) => ({ sid: data.sid }))],
    }),
  },
  clear: async (tx) => void (await tx.query('delete from api_key')),
};

const created = (rows: string) => ({
  statement: `insert into api_key (sid, account_sid, friendly_name, region, studio_generation, created_at, updated_at)
    select sid, "accountSid", "friendlyName", region, generation, at, at
      from json_to_recordset($1::json) as created (sid text, "accountSid" text, "friendlyName" text, region text, generation int, at timestamptz)`,
  values: [rows],
});
