import type { AccountSid, ExecutionSid, FlowSid } from '@atelier/contracts';
import type { EndedReason, ExecutionEvent } from '@atelier/engine';
import type { Effect } from '@atelier/widgets';
import type { StartRequest } from '../ingress/ingress.port';
import { shardOf } from '../ingress/keys';
import type { ReplyTo } from '../ingress/stored-command';
import type { RunState } from './rules';

/** Numbers of the column `execution.status`; a storage format. */
export const STATUS = { active: 0, ended: 1, deleted: 2 } as const;
export type Status = (typeof STATUS)[keyof typeof STATUS];

export type OpenTimer = { readonly dueMs: number; readonly step: number };
export type OpenEffect = { readonly step: number; readonly effect: Effect };

/** A running execution in the memory of its owner: valid while the last batch of its shard is mine. Changed in place by the fold alone. */
export type Entry = {
  readonly sid: ExecutionSid;
  readonly account: AccountSid;
  readonly flow: FlowSid;
  readonly contact: string;
  readonly address: string;
  readonly revision: number;
  readonly initiatedBy: string;
  readonly shard: number;
  state: RunState;
  status: Status;
  reason: EndedReason | undefined;
  /** Of the last sprint; 0 before the first. */
  version: number;
  /** Keys that it holds. */
  claims: readonly string[];
  timer: OpenTimer | undefined;
  effect: OpenEffect | undefined;
  /** The message of the open effect, where a status callback was faster than the answer of its send. */
  reported: string | undefined;
  /** The last sprint reached its bound of steps. */
  bounded: boolean;
  /** What the webhook is answered with, and the sprint that said so. */
  twiml: { readonly version: number; readonly text: string } | undefined;
  /** Version to fold from, and what has come since. */
  snapshot: number;
  sprintsSince: number;
  charactersSince: number;
  /** Doors that wait until the execution waits or ends; `since`: sprints older than this one are not theirs. */
  readonly doors: { readonly to: ReplyTo; readonly since: number }[];
};

export const BOUND_STEP = 0; // the timer of an execution that goes on at once; steps count from 1

/** What the events of one sprint leave open: timer, effect, continuation, answer. The same for events just decided and events loaded. */
export const trackOpen = (entry: Entry, events: readonly ExecutionEvent[], version: number, atMs: number): void => {
  for (const event of events) TRACK[event.type]?.(entry, event as never, version, atMs); // the key and the argument carry the same type
};

type Track = { readonly [T in ExecutionEvent['type']]?: (entry: Entry, event: Extract<ExecutionEvent, { type: T }>, version: number, atMs: number) => void };

const closed = (entry: Entry): void => {
  entry.timer = undefined;
  entry.effect = undefined;
  entry.reported = undefined;
  entry.bounded = false;
};

const TRACK: Track = {
  StepTaken: closed,
  SubflowEntered: closed,
  EffectEnded: closed,
  EffectRequested: (entry, { step, effect }) => {
    closed(entry);
    entry.effect = { step, effect };
  },
  WaitStarted: (entry, { step, dueAtMs, twiml }, version) => {
    closed(entry);
    entry.timer = dueAtMs === undefined ? undefined : { dueMs: dueAtMs, step };
    if (twiml !== undefined) entry.twiml = { version, text: twiml };
  },
  InputKept: (entry, { input }) => {
    if (input.type === 'MessageStatus') entry.reported = input.messageSid;
  },
  SprintBounded: (entry, _, __, atMs) => {
    closed(entry);
    entry.bounded = true;
    entry.timer = { dueMs: atMs, step: BOUND_STEP };
  },
  ExecutionEnded: (entry, { reason }) => {
    closed(entry);
    entry.status = STATUS.ended;
    entry.reason = reason;
  },
  ExecutionDeleted: (entry) => {
    closed(entry);
    entry.status = STATUS.deleted;
  },
};

/** Nothing will happen to it before something arrives from outside. */
export const isSettled = ({ effect, bounded }: Entry): boolean => effect === undefined && !bounded;

/** An execution before its first event. */
export const newEntry = ({ execution, account, flow, revision, trigger }: StartRequest, state: RunState): Entry => ({
  sid: execution,
  account,
  flow,
  contact: trigger.contact,
  address: trigger.address,
  revision,
  initiatedBy: trigger.initiatedBy,
  shard: shardOf(account, flow, trigger.contact),
  state,
  status: STATUS.active,
  reason: undefined,
  version: 0,
  claims: [],
  timer: undefined,
  effect: undefined,
  reported: undefined,
  bounded: false,
  twiml: undefined,
  snapshot: 0,
  sprintsSince: 0,
  charactersSince: 0,
  doors: [],
});
