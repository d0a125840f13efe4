import { isoSeconds } from '@atelier/rest-kit';
import type { AuditRow } from '../audit-store';
import type { AuditBody } from '../records';

/** A record as Monitor answers it (`spec/audit-and-keys.md` 1.3), with region and context beside. */
export const presentEvent = (row: AuditRow, publicUrl: string): object => {
  const body = JSON.parse(row.body) as AuditBody; // written by AuditStore.append
  return {
    account_sid: row.account,
    actor_sid: row.actor,
    actor_type: body.actorType,
    description: null,
    event_data: { resource_properties: body.properties, context: { ...body.context, seq: Number(row.seq) } },
    event_date: isoSeconds(row.at),
    event_type: row.event_type,
    links: { actor: actorUrl(row.actor, publicUrl), resource: null },
    region: body.region,
    resource_sid: row.resource,
    resource_type: row.event_type.slice(0, row.event_type.lastIndexOf('.')),
    sid: row.sid,
    source: body.source,
    source_ip_address: row.source_ip,
    url: `${publicUrl}/v1/Events/${row.sid}`,
  };
};

const actorUrl = (actor: string | null, publicUrl: string): string | null =>
  actor?.startsWith('AC') ? `${publicUrl}/2010-04-01/Accounts/${actor}` : null;
