import type { PublicEvent } from '@atelier/contracts';
import type { AuditRow } from './audit-store';
import type { AuditBody } from './records';

/** The log's name in public events. */
export const AUDIT_LOG = 'audit';

const SEQUENCE_DIGITS = 19; // so that the texts sort as the numbers do

/** A record as the topic carries it (`spec/audit-and-keys.md` 9): Monitor's fields but for the URLs, which belong to one address of the service. */
export const publicAuditEvent = (row: AuditRow, pos: number): PublicEvent => {
  const body = JSON.parse(row.body) as AuditBody; // written by AuditStore.append
  const time = row.at.toISOString();
  return {
    specversion: '1.0',
    id: row.sid,
    source: `/accounts/${row.account}`,
    type: `atelier.audit.${row.event_type}.v1`,
    subject: row.resource,
    time,
    recordedtime: time,
    datacontenttype: 'application/json',
    partitionkey: row.account,
    sequence: row.seq.padStart(SEQUENCE_DIGITS, '0'),
    ...authOf(row, body),
    log: AUDIT_LOG,
    shard: 0,
    pos,
    data: recordData(row, body),
  };
};

/** Monitor's fields that are the same everywhere, and ours beside them (`spec/audit-and-keys.md` 1.3, 2.4). */
export const recordData = (row: AuditRow, body: AuditBody) => ({
  account_sid: row.account,
  actor_sid: row.actor,
  actor_type: body.actorType,
  description: null,
  event_data: { resource_properties: body.properties, context: { ...body.context, seq: Number(row.seq) } },
  event_type: row.event_type,
  region: body.region,
  resource_sid: row.resource,
  resource_type: row.event_type.slice(0, row.event_type.lastIndexOf('.')),
  sid: row.sid,
  source: body.source,
  source_ip_address: row.source_ip,
});

// CloudEvents' `authcontext` extension.
const authOf = (row: AuditRow, body: AuditBody): { authtype: string; authid?: string } => {
  const key = body.context['credential_sid'];
  if (body.source === 'twilio') return { authtype: 'system' };
  if (key !== undefined) return { authtype: 'api_key', authid: key };
  return { authtype: body.actorType === 'user' ? 'user' : 'service_account', ...(row.actor !== null && { authid: row.actor }) };
};
