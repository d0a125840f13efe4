import { isoSeconds } from '@atelier/rest-kit';
import type { AuditRow } from '../audit-store';
import { recordData } from '../publish';
import type { AuditBody } from '../records';

/** A record as Monitor answers it (`spec/audit-and-keys.md` 1.3), with region and context beside. */
export const presentEvent = (row: AuditRow, publicUrl: string): object => ({
  ...recordData(row, JSON.parse(row.body) as AuditBody), // written by AuditStore.append
  event_date: isoSeconds(row.at),
  links: { actor: urlOf(row.actor, publicUrl), resource: urlOf(row.resource, publicUrl) },
  url: `${publicUrl}/v1/Events/${row.sid}`,
});

// Keys and credentials have none: the published sample of a key's creation has null.
const PATHS: Readonly<Record<string, string>> = { AC: '/2010-04-01/Accounts/', FW: '/v2/Flows/' };

const urlOf = (sid: string | null, publicUrl: string): string | null => {
  const path = PATHS[sid?.slice(0, 2) ?? ''];
  return path === undefined ? null : `${publicUrl}${path}${sid}`;
};
