import type { Recorded } from '@atelier/event-store';
import type { FlowEvent } from '../flow.events';

/** A stored event of these types. */
export type Stored<T extends FlowEvent['type']> = Recorded<Extract<FlowEvent, { type: T }>>;

/** Saved revisions as JSON for `json_to_recordset`, with the names of the columns. */
export const savedRows = (events: readonly Stored<'FlowCreated' | 'FlowDraftSaved' | 'FlowPublished'>[]): string =>
  JSON.stringify(
    events.map(({ stream, at, data }) => ({
      flow_sid: stream,
      at,
      revision: data.revision,
      account_sid: data.accountSid,
      author_sid: data.authorSid,
      status: data.status,
      friendly_name: data.friendlyName,
      commit_message: data.commitMessage,
      definition_sha256: data.definitionSha256,
      report_sha256: data.reportSha256,
      valid: data.valid,
      widgets: data.widgets,
    })),
  );
