export { type Json, type JsonObject, utf8Bytes } from './json';
export {
  type AccountSid, type AuditSid, type CredentialSid, type ExecutionSid, type FlowSid, type KeySid, type RequestSid, type Sid, type SidPrefix, type StepSid,
  CONTACT_SID_PLACEHOLDER, isSid, sidOf, sidOfUuid, stepNumberOf, stepSidOf, uuidOf,
} from './sids';
export { type ErrorName, type RejectionInfo, Defect, ERRORS, Fault, Rejection } from './errors';
export { type WarningCode, WARNINGS } from './warnings';
export { type Meta, engineMeta, operatorMeta } from './meta';
export { type FlowChoice, type FlowDirectory, type FlowEntry, type RevisionName, choiceOf } from './flow-directory.port';
export { revokesNothing } from './revocations';
export { type AuditEvent, type PublicEvent, type TopicName, type TriggerRecord, type TriggerResult, TOPICS, accountOfEvent, auditEvent, publicEvent, triggerRecord, triggerResult } from './public-events';
