import { createHash } from 'node:crypto';
import type { Meta, PublicEvent } from '@atelier/contracts';
import { sidOf } from '@atelier/contracts';
import { z } from 'zod';

/** What is stored of a record beside the columns that are searched; the answer of Monitor is made from both. */
export type AuditBody = Pick<Meta, 'actorType' | 'source' | 'region' | 'sourceIpFrom'> & {
  readonly eventId: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly context: Readonly<Record<string, string>>;
};

export type AuditRecord = {
  readonly sid: string;
  readonly account: string;
  readonly at: string;
  readonly eventType: string;
  readonly actor: string | null;
  readonly resource: string;
  readonly sourceIp: string | null;
  readonly body: AuditBody;
};

/** Event types that are audited (`spec/audit-and-keys.md` 2.1): everything else on a topic is passed over. */
const AUDITED = /^(flow|account|account-api-keys|account-credentials|account-auth-token)\.[a-z-]+$/;

const auditable = z.looseObject({
  subject: z.string(),
  // Set at the edge by this system and carried unchanged (A10).
  meta: z.custom<Meta>((value) => typeof value === 'object' && value !== null && 'accountSid' in value),
  data: z.looseObject({ resource_properties: z.record(z.string(), z.unknown()) }),
});

/** The record of an event, or undefined where the event is not audited. Pure: the same event gives the same record, its SID included. */
export const recordOf = (event: PublicEvent): AuditRecord | undefined => {
  if (!AUDITED.test(event.type)) return undefined;
  const { subject, meta, data } = auditable.parse(event);
  return {
    sid: sidOf('AE', createHash('sha256').update(`${event.id}${event.type}`).digest('hex').slice(0, 32)),
    account: meta.accountSid,
    at: event.time,
    eventType: event.type,
    actor: meta.actorSid,
    resource: subject,
    sourceIp: meta.sourceIp,
    body: {
      eventId: event.id,
      actorType: meta.actorType,
      source: meta.source,
      region: meta.region,
      sourceIpFrom: meta.sourceIpFrom,
      properties: data.resource_properties,
      context: contextOf(meta, data['reason']),
    },
  };
};

const contextOf = (meta: Meta, reason: unknown): Record<string, string> => {
  const all = {
    credential_sid: meta.credentialSid,
    request_id: meta.requestSid,
    user_agent: meta.userAgent,
    execution_sid: meta.executionSid,
    flow_sid: meta.flowSid,
    reason: typeof reason === 'string' ? reason : undefined,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
};
