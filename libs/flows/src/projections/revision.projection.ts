import type { Projection } from '@atelier/event-store';
import { type Stored, savedRows } from './saved-rows';

/** One row per revision, never changed; those of deleted flows stay, because executions that ended with the flow are still read. */
export const revisionTable: Projection = {
  name: 'flow_revision',
  on: {
    FlowCreated: (events) => saved(events as Stored<'FlowCreated'>[]), // the key names the type
    FlowDraftSaved: (events) => saved(events as Stored<'FlowDraftSaved'>[]),
    FlowPublished: (events) => saved(events as Stored<'FlowPublished'>[]),
  },
  clear: async (tx) => void (await tx.query('delete from flow_revision')),
};

// The primary key is the promise that two saves never share a number.
const saved = (events: readonly Stored<'FlowCreated' | 'FlowDraftSaved' | 'FlowPublished'>[]) => ({
  statement: `insert into flow_revision
      (flow_sid, revision, account_sid, author_sid, status, friendly_name, commit_message, definition_sha256, report_sha256, valid, widgets, created_at)
    select flow_sid, revision, account_sid, author_sid, status, friendly_name, commit_message, definition_sha256, report_sha256, valid, widgets, at
      from json_to_recordset($1::json) as saved (flow_sid text, revision int, account_sid text, author_sid text, status text, friendly_name text,
        commit_message text, definition_sha256 text, report_sha256 text, valid boolean, widgets int, at timestamptz)`,
  values: [savedRows(events)],
});
