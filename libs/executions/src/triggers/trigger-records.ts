import { createHash } from 'node:crypto';
import {
  type AccountSid, type FlowSid, type JsonObject, type RequestSid, type TriggerRecord, type TriggerResult, ERRORS, Rejection, sidOf, triggerRecord,
} from '@atelier/contracts';
import { newExecutionSid } from '@atelier/platform';
import { errorAnswer, invalidParameter, normalSid } from '@atelier/rest-kit';
import { assertContact, notPublished, requestTrigger } from '../http/execution-door';
import { PARAMETERS_CHARACTERS_MAX } from '../http/execution-forms';
import type { ExecutionsHttp } from '../http/executions-http';
import { isUsableObject } from '../http/json-values';
import type { StartRequest, TriggerOutcome } from '../ingress/ingress.port';

export type TriggerDoors = Pick<ExecutionsHttp, 'ingress' | 'flows' | 'clock'> & { readonly settings: Pick<ExecutionsHttp['settings'], 'contactBytesMax'> };

/** What became of one record. `deadLetter`: it could not be read, and why; a bus consumer keeps such a record aside. */
export type TakenRecord = { readonly result: TriggerResult; readonly deadLetter?: string };

/**
 * Records of `atelier.triggers` → executions, whichever door they came through: one outcome each, in order, once durable. A repeated record is
 * a duplicate and names the same execution. Records of one batch that share a key or a contact are taken one after the other, all others at
 * once. `throttled`: too much of its account waits; nothing happened. Throws a Fault where the world failed: nothing is lost by taking the same records
 * again. `account`: only its own records are taken.
 */
export const takeOrThrottle = async (doors: TriggerDoors, records: readonly unknown[], account?: AccountSid): Promise<readonly (TakenRecord | 'throttled')[]> => {
  const read = records.map((record) => readRecord(record, account));
  const outcomes: (TakenRecord | 'throttled')[] = new Array<TakenRecord | 'throttled'>(records.length);
  const throttled = new Set<string>(); // what comes later of the same account must not overtake
  const take = async (each: ReadRecord): Promise<TakenRecord | 'throttled'> => {
    const whose = accountOf(each);
    if (whose !== undefined && throttled.has(whose)) return 'throttled';
    const outcome = await taken(doors, each);
    if (outcome === 'throttled' && whose !== undefined) throttled.add(whose);
    return outcome;
  };
  for (const wave of wavesOf(read)) await Promise.all(wave.map(async (i) => void (outcomes[i] = await take(read[i] as ReadRecord)))); // waves hold indexes of `read`
  return outcomes;
};

/** The same for a door that has nowhere to let records wait: TooManyRequests at the account's cap for everything. */
export const takeTriggerRecords = async (doors: TriggerDoors, records: readonly unknown[], account?: AccountSid): Promise<readonly TakenRecord[]> => {
  return (await takeOrThrottle(doors, records, account)).map((each) => {
    if (each === 'throttled') throw tooMany();
    return each;
  });
};

/** The account whose turn a record waits for; none where it cannot be read. */
export const accountOfRecord = (record: unknown): AccountSid | undefined => accountOf(readRecord(record, undefined));

const accountOf = (read: ReadRecord): AccountSid | undefined => ('record' in read ? normalSid(read.record.data.account_sid as AccountSid) : undefined); // the schema checked it

const tooMany = (): Rejection => new Rejection('TooManyRequests', { message: 'Too many inputs of this account wait to be processed', headers: { 'Retry-After': '1' } });

/** The request that an idempotency key stands for: `initiated_by` of its execution. */
export const requestSidOf = (account: AccountSid, idempotencyKey: string): RequestSid =>
  sidOf('RQ', createHash('sha256').update(`${account}\n${idempotencyKey}`).digest('hex').slice(0, 32));

type ReadRecord = { readonly record: TriggerRecord } | { readonly refused: TakenRecord };

const readRecord = (input: unknown, account: AccountSid | undefined): ReadRecord => {
  const { data: record, error } = isUsableObject(input) ? triggerRecord.safeParse(input) : { data: undefined, error: undefined };
  if (!record) return { refused: unreadable(input, error?.issues[0]) };
  if (account !== undefined && record.data.account_sid.toLowerCase() !== account.toLowerCase()) return { refused: { result: rejected(record, new Rejection('PermissionDenied')) } };
  return { record };
};

const unreadable = (input: unknown, issue: { path: readonly PropertyKey[]; message: string } | undefined): TakenRecord => {
  const reason = issue ? `${issue.path.join('.')}: ${issue.message}` : 'expected a JSON object, not too deep';
  const key = isUsableObject(input) && isUsableObject(input['data']) ? input['data']['idempotency_key'] : undefined;
  const error = { code: ERRORS.InvalidParameter.code, message: `The record cannot be read: ${reason}` };
  return { result: { idempotency_key: typeof key === 'string' ? key : '', status: 'rejected', error }, deadLetter: reason };
};

/** Indexes in the order in which they may be taken together: a record waits for earlier ones of its key or its contact. */
const wavesOf = (records: readonly ReadRecord[]): readonly (readonly number[])[] => {
  const waves: number[][] = [];
  const last = new Map<string, number>();
  records.forEach((each, i) => {
    const names = 'record' in each ? namesOf(each.record) : [];
    const wave = Math.max(-1, ...names.map((name) => last.get(name) ?? -1)) + 1;
    for (const name of names) last.set(name, wave);
    (waves[wave] ??= []).push(i);
  });
  return waves;
};

const namesOf = ({ data }: TriggerRecord): string[] => [`key ${data.account_sid} ${data.idempotency_key}`, `contact ${data.flow_sid} ${data.to}`];

const taken = async (doors: TriggerDoors, read: ReadRecord): Promise<TakenRecord | 'throttled'> => {
  if ('refused' in read) return read.refused;
  const { idempotency_key } = read.record.data;
  try {
    const { kind, execution } = await triggered(doors, read.record);
    return { result: { idempotency_key, status: kind, ...(kind === 'conflict' ? { conflicting_execution_sid: execution } : { execution_sid: execution }) } };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    if (error.name === 'TooManyRequests') return 'throttled'; // it comes again; it is not refused
    return { result: rejected(read.record, error) };
  }
};

const triggered = async (doors: TriggerDoors, record: TriggerRecord): Promise<TriggerOutcome> =>
  doors.ingress.trigger(await startOf(doors, record), record.data.idempotency_key);

const startOf = async ({ flows, clock, settings }: TriggerDoors, { data }: TriggerRecord): Promise<StartRequest> => {
  const account = normalSid(data.account_sid as AccountSid); // the record's schema checked both
  const flow = normalSid(data.flow_sid as FlowSid);
  assertContact(data.to, data.from, settings.contactBytesMax);
  const parameters = (data.parameters ?? {}) as JsonObject; // JSON by its schema
  if (JSON.stringify(parameters).length > PARAMETERS_CHARACTERS_MAX) throw invalidParameter('parameters', `expected at most ${PARAMETERS_CHARACTERS_MAX} characters`);
  const choice = await flows.choose(account, flow, data.to);
  if (choice.kind === 'no-flow') throw new Rejection('NotFound', { message: `The requested resource /v2/Flows/${flow} was not found` });
  if (choice.kind === 'not-published') throw notPublished(flow);
  return {
    execution: newExecutionSid(clock.nowMs()),
    account,
    flow,
    revision: choice.revision,
    isTestUser: choice.isTestUser,
    trigger: requestTrigger({ to: data.to, from: data.from, parameters }, requestSidOf(account, data.idempotency_key)),
  };
};

const rejected = ({ data }: TriggerRecord, rejection: Rejection): TriggerResult => {
  const { code, message } = errorAnswer(rejection, '').body;
  return { idempotency_key: data.idempotency_key, status: 'rejected', error: { code, message } };
};
