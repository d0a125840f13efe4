import { z } from 'zod';

/** The topics of the system, who publishes them, and what orders their records (architecture.md 6). */
export const TOPICS = {
  'atelier.flows.events': { owner: 'flows', key: 'flow_sid' },
  'atelier.executions.events': { owner: 'executions', key: 'execution_sid' },
  'atelier.credentials.events': { owner: 'credentials', key: 'account_sid' },
  'atelier.audit.events': { owner: 'audit', key: 'account_sid' },
  'atelier.triggers': { owner: 'other services', key: 'account_sid|flow_sid|to' },
  'atelier.triggers.results': { owner: 'executions', key: 'account_sid|flow_sid|to' },
} as const;

export type TopicName = keyof typeof TOPICS;

/** CloudEvents 1.0 with the position that consumers deduplicate by (invariant A3): `log`, `shard`, `pos`; pos has no gaps within a shard. */
export const publicEvent = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string().optional(),
  time: z.string(),
  datacontenttype: z.literal('application/json'),
  dataschema: z.string().optional(),
  log: z.string(),
  shard: z.int(),
  pos: z.int(),
  meta: z.looseObject({}).optional(),
  data: z.looseObject({}),
});
export type PublicEvent = z.infer<typeof publicEvent>;

/** A record on `atelier.audit.events` (`spec/audit-and-keys.md` 9): Monitor's fields, and the numbers by which evidence is seen to be whole. */
export const auditEvent = publicEvent.extend({
  partitionkey: z.string().describe('The account.'),
  sequence: z.string().regex(/^\d{19}$/).describe('Counts the records of the account, without gaps.'),
  recordedtime: z.string(),
  authtype: z.enum(['system', 'api_key', 'user', 'service_account']),
  authid: z.string().optional(),
  data: z.looseObject({
    sid: z.string().regex(/^AE[0-9a-f]{32}$/),
    account_sid: z.string(),
    actor_sid: z.string().nullable(),
    actor_type: z.string(),
    description: z.null(),
    event_data: z.looseObject({ resource_properties: z.json(), context: z.looseObject({ seq: z.int() }) }),
    event_type: z.string(),
    region: z.string(),
    resource_sid: z.string(),
    resource_type: z.string(),
    source: z.string(),
    source_ip_address: z.string().nullable(),
  }),
});
export type AuditEvent = z.infer<typeof auditEvent>;

/** Whose an event or a trigger record is, where it says so. */
export const accountOfEvent = ({ data, meta }: Pick<PublicEvent, 'data' | 'meta'>): string | undefined => {
  const account = data['account_sid'] ?? meta?.['accountSid'];
  return typeof account === 'string' ? account : undefined;
};

/** A record on `atelier.triggers`: another service starts an execution (`spec/atelier.md` 4). */
export const triggerRecord = z.looseObject({
  specversion: z.literal('1.0'),
  type: z.literal('atelier.trigger.v1'),
  source: z.string().min(1),
  id: z.string().min(1),
  data: z.looseObject({
    account_sid: z.string().regex(/^AC[0-9a-fA-F]{32}$/),
    flow_sid: z.string().regex(/^FW[0-9a-fA-F]{32}$/),
    to: z.string().min(1),
    from: z.string().min(1),
    parameters: z.record(z.string(), z.json()).optional(),
    idempotency_key: z.string().min(1).max(256),
    actor_sid: z.string().optional(),
  }),
});
export type TriggerRecord = z.infer<typeof triggerRecord>;

/** The answer to a trigger record. */
export const triggerResult = z.looseObject({
  idempotency_key: z.string(),
  status: z.enum(['started', 'duplicate', 'conflict', 'rejected']),
  execution_sid: z.string().optional(),
  conflicting_execution_sid: z.string().optional(),
  error: z.looseObject({ code: z.int(), message: z.string() }).optional(),
});
export type TriggerResult = z.infer<typeof triggerResult>;
