/** Identifiers as Twilio writes them: two letters that name the kind, then 32 hexadecimal digits (`spec/audit-and-keys.md` 7). */
export const SID_PREFIXES = ['AC', 'SK', 'CR', 'FW', 'FN', 'FT', 'FC', 'US', 'AE', 'RQ', 'SM', 'MM', 'CA', 'PN', 'MG', 'CH'] as const;
export type SidPrefix = (typeof SID_PREFIXES)[number];
export type Sid<P extends SidPrefix = SidPrefix> = `${P}${string}`;

export type AccountSid = Sid<'AC'>;
export type KeySid = Sid<'SK'>;
export type CredentialSid = Sid<'CR'>;
export type FlowSid = Sid<'FW'>;
export type ExecutionSid = Sid<'FN'>;
export type StepSid = Sid<'FT'>;
export type AuditSid = Sid<'AE'>;
export type RequestSid = Sid<'RQ'>;

/** Whether a text is an identifier of this kind. */
export const isSid = <P extends SidPrefix>(prefix: P, text: unknown): text is Sid<P> =>
  typeof text === 'string' && text.length === 34 && text.startsWith(prefix) && /^[0-9a-fA-F]{32}$/.test(text.slice(2));

/** Makes an identifier from 32 hexadecimal digits; throws on anything else. */
export const sidOf = <P extends SidPrefix>(prefix: P, hex: string): Sid<P> => {
  const sid = `${prefix}${hex}`;
  if (!isSid(prefix, sid)) throw new Error(`expected 32 hexadecimal digits for a ${prefix} identifier, found ${hex.length} characters`);
  return sid;
};

/** The 32 digits of an identifier with the dashes of a UUID: how identifiers are stored. */
export const uuidOf = (sid: string): string =>
  `${sid.slice(2, 10)}-${sid.slice(10, 14)}-${sid.slice(14, 18)}-${sid.slice(18, 22)}-${sid.slice(22)}`.toLowerCase();

/** The identifier of this kind that a stored UUID stands for. */
export const sidOfUuid = <P extends SidPrefix>(prefix: P, uuid: string): Sid<P> => sidOf(prefix, uuid.replaceAll('-', ''));

/** A step's identifier: 28 digits of its execution and its number, from 1, as four more (architecture.md 2). */
export const stepSidOf = (execution: ExecutionSid, step: number): StepSid =>
  sidOf('FT', execution.slice(2, 30) + step.toString(16).padStart(4, '0'));

/** The number of a step within its execution, or undefined where the step is not one of this execution. */
export const stepNumberOf = (execution: ExecutionSid, step: string): number | undefined =>
  isSid('FT', step) && step.slice(2, 30).toLowerCase() === execution.slice(2, 30).toLowerCase() ? parseInt(step.slice(30), 16) : undefined;

/** The contact of every execution: Twilio answers a fixed placeholder too (`spec/rest-api.md` 5). */
export const CONTACT_SID_PLACEHOLDER = `FC${'0'.repeat(32)}`;
