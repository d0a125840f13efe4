import type { Projection } from '@atelier/event-store';
import { type Stored, savedRows } from './saved-rows';

/**
 * One row per flow. Saves of a batch become one statement, in which the newest revision wins, so that any grouping of the log into batches
 * gives the same rows.
 */
export const flowTable: Projection = {
  name: 'flow',
  on: {
    FlowCreated: (events) => saved(events as Stored<'FlowCreated'>[]), // the key names the type
    FlowDraftSaved: (events) => saved(events as Stored<'FlowDraftSaved'>[]),
    FlowPublished: (events) => saved(events as Stored<'FlowPublished'>[]),
    TestUsersReplaced: (events) => testUsersReplaced(events as Stored<'TestUsersReplaced'>[]),
    FlowDeleted: (events) => ({ statement: 'delete from flow where sid = any($1::text[])', values: [events.map(({ stream }) => stream)] }),
  },
  clear: async (tx) => void (await tx.query('delete from flow')),
};

const saved = (events: readonly Stored<'FlowCreated' | 'FlowDraftSaved' | 'FlowPublished'>[]) => ({
  statement: `insert into flow (sid, account_sid, created_at, updated_at, latest, latest_published)
    select flow_sid, min(account_sid), min(at), max(at), max(revision), max(revision) filter (where status = 'published')
      from json_to_recordset($1::json) as saved (flow_sid text, account_sid text, at timestamptz, revision int, status text)
      group by flow_sid
    on conflict (sid) do update set
      created_at = least(flow.created_at, excluded.created_at),
      updated_at = greatest(flow.updated_at, excluded.updated_at),
      latest = greatest(flow.latest, excluded.latest),
      latest_published = greatest(flow.latest_published, excluded.latest_published)`,
  values: [savedRows(events)],
});

const testUsersReplaced = (events: readonly Stored<'TestUsersReplaced'>[]) => ({
  statement: `update flow set test_users = array(select json_array_elements_text(replaced.test_users))
    from (select distinct on (flow_sid) flow_sid, test_users
            from json_to_recordset($1::json) as replaced (flow_sid text, version int, test_users json)
            order by flow_sid, version desc) as replaced
    where flow.sid = replaced.flow_sid`,
  values: [JSON.stringify(events.map(({ stream, version, data }) => ({ flow_sid: stream, version, test_users: data.testUsers })))],
});

