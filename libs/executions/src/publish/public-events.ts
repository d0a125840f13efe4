import { type AccountSid, Defect, type ExecutionSid, type FlowSid, type PublicEvent, WARNINGS, stepSidOf } from '@atelier/contracts';
import type { ExecutionEvent } from '@atelier/engine';
import { startedAtMs } from '../ingress/keys';

/** The log of executions, as it stands in its public events. */
export const EXECUTIONS_LOG = 'executions';

/** What a public event tells of its execution. */
export type Published = {
  readonly sid: ExecutionSid;
  readonly account: AccountSid;
  readonly flow: FlowSid;
  readonly contact: string;
  readonly revision: number;
  readonly initiatedBy: string;
};

type Fields = { readonly type: string; readonly dataschema?: string; readonly data: Readonly<Record<string, unknown>> };
type Mapped<T> = (event: Extract<ExecutionEvent, { type: T }>, execution: Published, atMs: number) => Fields;

// The events of a sprint have few times between them.
let known = { ms: NaN, text: '' };
const seconds = (ms: number): string => {
  if (known.ms !== ms) known = { ms, text: new Date(ms).toISOString() };
  return known.text;
};

const executionData = (execution: Published, status: 'active' | 'ended', reason: string | null, atMs: number): Readonly<Record<string, unknown>> => ({
  execution_sid: execution.sid,
  account_sid: execution.account,
  flow_sid: execution.flow,
  contact_channel_address: execution.contact,
  status,
  ended_reason: reason,
  date_created: seconds(startedAtMs(execution.sid)),
  date_updated: seconds(atMs),
  started_by: execution.initiatedBy,
  flow_revision: execution.revision,
});

/**
 * Stored fact → public message, as Studio's event streams name them (`spec/studio.md` 11); our own are the warnings. `private`: carries what a contact
 * or a provider said (outputs, requests, replies), or nothing that others need. The table decides how positions are counted: an entry never changes
 * for stored sprints of the same engine format.
 */
const PUBLIC: { readonly [T in ExecutionEvent['type']]: Mapped<T> | 'private' } = {
  ExecutionStarted: (_, execution, atMs) => ({
    type: 'com.twilio.studio.flow.execution.started',
    dataschema: 'Studio.FlowExecutionEvent/2',
    data: executionData(execution, 'active', null, atMs),
  }),
  ExecutionEnded: ({ reason }, execution, atMs) => ({
    type: 'com.twilio.studio.flow.execution.ended',
    dataschema: 'Studio.FlowExecutionEvent/2',
    data: executionData(execution, 'ended', reason, atMs),
  }),
  StepTaken: ({ step, widget, widgetType, by, to, enteredAtMs, parentStep }, { sid, account, flow }, atMs) => ({
    type: 'com.twilio.studio.flow.step.ended',
    dataschema: 'Studio.FlowStepEvent',
    data: {
      step_sid: stepSidOf(sid, step),
      account_sid: account,
      flow_sid: flow,
      execution_sid: sid,
      parent_step_sid: parentStep === undefined ? null : stepSidOf(sid, parentStep),
      name: by,
      transitioned_from: widget,
      transitioned_to: to,
      type: widgetType,
      date_created: seconds(enteredAtMs),
      date_updated: seconds(atMs),
    },
  }),
  WarningRaised: ({ step, widget, code, message }, { sid, account, flow }) => ({
    type: 'atelier.execution.warning.v1',
    data: { execution_sid: sid, account_sid: account, flow_sid: flow, step_sid: stepSidOf(sid, step), widget, code, severity: WARNINGS[code].severity, message },
  }),
  ExecutionDeleted: (_, { sid, account, flow }) => ({ type: 'atelier.execution.deleted.v1', data: { execution_sid: sid, account_sid: account, flow_sid: flow } }),
  EffectRequested: 'private',
  EffectEnded: 'private',
  WaitStarted: 'private',
  InputKept: 'private',
  SubflowEntered: 'private',
  SubflowPinned: 'private',
  SprintBounded: 'private',
  SnapshotTaken: 'private',
};

const IS_PUBLIC: ReadonlySet<string> = new Set(Object.entries(PUBLIC).flatMap(([type, mapped]) => (mapped === 'private' ? [] : [type])));

/** How many positions a sprint takes. */
export const publicCount = (events: readonly ExecutionEvent[]): number => {
  let count = 0;
  for (const { type } of events) if (IS_PUBLIC.has(type)) count++;
  return count;
};

/** The public events of one sprint, whose last position is `pos`. Of a sprint that was blanked after a deletion, only the places are left. */
export const publicEventsOf = (sprint: { readonly shard: number; readonly pos: number; readonly count: number; readonly atMs: number; readonly body: string }, execution: Published): readonly PublicEvent[] => {
  const { shard, pos, count, atMs, body } = sprint;
  // Written by the commit of an owner.
  const fields = body === '' ? Array.from({ length: count }, () => blank(execution)) : (JSON.parse(body) as ExecutionEvent[]).flatMap((event) => mapped(event, execution, atMs) ?? []);
  return fields.map((event, i) => envelope(event, execution, { shard, pos: pos - count + 1 + i, atMs }));
};

const mapped = (event: ExecutionEvent, execution: Published, atMs: number): Fields | undefined => {
  const map = PUBLIC[event.type] as (typeof PUBLIC)[ExecutionEvent['type']] | undefined;
  if (!map) throw new Defect(`expected an event of this version, found ${String(event.type)}: a newer one has to publish it`);
  return map === 'private' ? undefined : (map as Mapped<string>)(event as never, execution, atMs); // the key and the argument carry the same type
};

const blank = ({ sid, account, flow }: Published): Fields => ({ type: 'atelier.execution.removed.v1', data: { execution_sid: sid, account_sid: account, flow_sid: flow } });

const envelope = (fields: Fields, { sid }: Published, { shard, pos, atMs }: { shard: number; pos: number; atMs: number }): PublicEvent => ({
  specversion: '1.0',
  id: `${EXECUTIONS_LOG}/${shard}/${pos}`,
  source: '/atelier/executions',
  subject: sid,
  time: seconds(atMs),
  datacontenttype: 'application/json',
  log: EXECUTIONS_LOG,
  shard,
  pos,
  ...fields,
});
