import type { PublicEvent } from '@atelier/contracts';
import type { Recorded } from '@atelier/event-store';
import type { Before, FlowEvent, Revision } from './flow.events';

type Change = { readonly previous: string | number | null; readonly updated: string | number | null };
type Published = {
  readonly type: `flow.${'created' | 'updated' | 'deleted' | 'update-denied' | 'delete-denied'}`;
  readonly data: Record<string, unknown>;
  readonly properties: Record<string, Change>;
};

/** The log's name in public events. */
export const FLOWS_LOG = 'flows';

/** Stored fact → public message. Definitions and addresses of test users never leave (invariant A8): hashes and numbers do. */
export const publicFlowEvent = (event: Recorded): PublicEvent => {
  const stored = event as Recorded<FlowEvent>; // this log holds nothing else
  const { type, data, properties } = publishedOf(stored);
  const flowSid = stored.type === 'FlowAccessDenied' ? stored.data.flowSid : event.stream;
  return {
    specversion: '1.0',
    id: event.id,
    source: `/accounts/${event.meta.accountSid}`,
    type,
    subject: flowSid,
    time: event.at,
    datacontenttype: 'application/json',
    log: FLOWS_LOG,
    shard: 0,
    pos: event.position,
    meta: event.meta,
    data: { account_sid: event.meta.accountSid, flow_sid: flowSid, ...data, resource_properties: properties },
  };
};

const publishedOf = (event: FlowEvent): Published => {
  switch (event.type) {
    case 'FlowCreated':
      return { type: 'flow.created', data: revisionOf(event.data), properties: fromNothing(auditedOf(event.data)) };
    case 'FlowDraftSaved':
    case 'FlowPublished':
      return { type: 'flow.updated', data: revisionOf(event.data), properties: changesOf(event.data.before, event.data) };
    case 'TestUsersReplaced': {
      const { numberBefore, testUsers } = event.data;
      return { type: 'flow.updated', data: {}, properties: { test_users: { previous: numberBefore, updated: testUsers.length } } };
    }
    case 'FlowDeleted': {
      const { friendlyName, status, revision } = event.data.before;
      return { type: 'flow.deleted', data: {}, properties: toNothing({ friendly_name: friendlyName, status, revision }) };
    }
    case 'FlowAccessDenied':
      return { type: `flow.${event.data.action}-denied`, data: {}, properties: {} };
  }
};

const revisionOf = ({ revision, status, definitionSha256 }: Revision) => ({ revision, status, definition_sha256: definitionSha256 });

type Audited = Readonly<Record<string, string | number | null>>;

const auditedOf = ({ friendlyName, status, revision, commitMessage, definitionSha256 }: Before): Audited => ({
  friendly_name: friendlyName,
  status,
  revision,
  commit_message: commitMessage,
  definition_sha256: definitionSha256,
});

const fromNothing = (now: Audited) => Object.fromEntries(Object.entries(now).map(([name, updated]) => [name, { previous: null, updated }]));
const toNothing = (last: Audited) => Object.fromEntries(Object.entries(last).map(([name, previous]) => [name, { previous, updated: null }]));

// Only what changed; the revision always does.
const changesOf = (before: Before, now: Before): Record<string, Change> => {
  const old = auditedOf(before);
  const changes = Object.entries(auditedOf(now)).filter(([name, updated]) => old[name] !== updated);
  return Object.fromEntries(changes.map(([name, updated]) => [name, { previous: old[name] ?? null, updated }]));
};
