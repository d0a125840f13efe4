import { createHash } from 'node:crypto';
import { type AccountSid, type AuditSid, type PublicEvent, Defect, isSid, sidOf } from '@atelier/contracts';
import { z } from 'zod';

/** One property of a resource before and after; null where it did not exist. */
export type Change = { readonly previous: unknown; readonly updated: unknown };
export type Changes = Readonly<Record<string, Change>>;

/** What is stored of a record beside the columns that are searched; the answer of Monitor is made from both. */
export type AuditBody = {
  readonly actorType: string;
  readonly source: string;
  readonly region: string;
  readonly properties: Changes;
  /** The extension beside `resource_properties` (`spec/audit-and-keys.md` 2.4). */
  readonly context: Readonly<Record<string, string>>;
};

export type AuditRecord = {
  readonly sid: AuditSid;
  readonly account: AccountSid;
  /** ISO 8601 with milliseconds: the event's own time. */
  readonly at: string;
  readonly eventType: string;
  readonly actor: string | null;
  readonly resource: string;
  readonly sourceIp: string | null;
  /** Not in Twilio's list, so only shown to who asks for its type. */
  readonly isHidden: boolean;
  readonly body: AuditBody;
};

/** What one record tells of its event. */
type Told = { readonly type: string; readonly resource: string; readonly properties: Changes };
type Rule = (event: AuditableEvent) => readonly Told[];

// What the event itself says.
const itself: Rule = ({ type, subject, data }) => [{ type, resource: subject, properties: data.resource_properties }];

// The Studio key has a credential with it, made and deleted together (section 2.3 of the specification).
const keyWithCredential: Rule = (event) => {
  const { type, subject, data } = event;
  if (data.credential_sid === undefined) return itself(event);
  const exists = (value: string): Change => (type.endsWith('.deleted') ? { previous: value, updated: null } : { previous: null, updated: value });
  const { friendly_name } = data.resource_properties;
  const properties: Changes = { ...(friendly_name && { friendly_name }), type: exists('Twilio Signing Key'), api_key_sid: exists(subject) };
  return [...itself(event), { type: type.replace('account-api-keys', 'account-credentials'), resource: data.credential_sid, properties }];
};

const typesOf = (resource: string, actions: string, rule: Rule): [string, Rule][] => actions.split(' ').map((action) => [`${resource}.${action}`, rule]);

/** Event types that make records; everything else on a topic is passed over. The types are Monitor's (`spec/audit-and-keys.md` 2.1). */
const VISIBLE: ReadonlyMap<string, Rule> = new Map([
  ...typesOf('flow', 'created updated deleted', itself),
  ...typesOf('account', 'created updated deleted', itself),
  ...typesOf('account-auth-token', 'created updated deleted promoted secondary-created secondary-deleted', itself),
  ...typesOf('account-api-keys', 'updated', itself),
  ...typesOf('account-api-keys', 'created deleted', keyWithCredential),
  ...typesOf('account-credentials', 'created updated deleted', itself),
]);

/** Denied attempts and reads of secrets: recorded, and hidden unless asked for by EventType. */
const HIDDEN: ReadonlyMap<string, Rule> = new Map(
  ['flow', 'account', 'account-auth-token', 'account-api-keys'].flatMap((resource) =>
    typesOf(resource, 'create-denied update-denied delete-denied read-denied secret-read', itself),
  ),
);

const meta = z.looseObject({
  accountSid: z.custom<AccountSid>((value) => isSid('AC', value)),
  actorType: z.string(),
  actorSid: z.string().nullable(),
  credentialSid: z.string().nullish(),
  source: z.enum(['web', 'api', 'twilio']),
  sourceIp: z.string().nullable(),
  sourceIpFrom: z.string().nullish(),
  region: z.string(),
  requestSid: z.string().nullish(),
  userAgent: z.string().nullish(),
  executionSid: z.string().nullish(),
  flowSid: z.string().nullish(),
});

const change = z.object({ previous: z.json(), updated: z.json() });
const SID = /^[A-Z]{2}[0-9a-f]{32}$/;

const auditable = z.looseObject({
  id: z.string().min(1),
  type: z.string(),
  subject: z.string().regex(SID),
  time: z.iso.datetime({ offset: true }),
  meta,
  data: z.looseObject({
    resource_properties: z.record(z.string(), change),
    credential_sid: z.string().regex(SID).optional(),
    reason: z.string().optional(),
  }),
});
type AuditableEvent = z.infer<typeof auditable>;

/**
 * The records of an event, none where it is not audited. Pure: the same event gives the same records, identifiers included. Throws on an event that
 * is audited and cannot be read: it becomes a dead letter, for a change without its record must be seen by somebody (A10).
 */
export const recordsOf = (event: PublicEvent): readonly AuditRecord[] => {
  const rule = VISIBLE.get(event.type) ?? HIDDEN.get(event.type);
  if (!rule) return [];
  const { data: readable, error } = auditable.safeParse(event);
  if (!readable) throw new Defect(error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')); // the reason that people read
  return rule(readable).map((told) => recordOf(readable, told));
};

/** Whether Twilio's list leaves records of this type out. */
const isHidden = (type: string): boolean => HIDDEN.has(type);

const recordOf = (event: AuditableEvent, { type, resource, properties }: Told): AuditRecord => ({
  sid: sidOf('AE', createHash('sha256').update(event.id + type).digest('hex').slice(0, 32)),
  account: event.meta.accountSid,
  at: new Date(event.time).toISOString(),
  eventType: type,
  actor: event.meta.actorSid,
  resource,
  sourceIp: event.meta.sourceIp,
  isHidden: isHidden(type),
  body: { actorType: event.meta.actorType, source: event.meta.source, region: event.meta.region, properties, context: contextOf(event) },
});

const contextOf = ({ meta, data }: AuditableEvent): Readonly<Record<string, string>> => {
  const context = {
    credential_sid: meta.credentialSid,
    request_id: meta.requestSid,
    user_agent: meta.userAgent,
    source_ip_from: meta.sourceIpFrom,
    execution_sid: meta.executionSid,
    flow_sid: meta.flowSid,
    reason: data.reason,
  };
  return Object.fromEntries(Object.entries(context).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
};
