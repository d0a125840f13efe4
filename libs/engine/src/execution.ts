import type { AccountSid, ExecutionSid, FlowSid, Json, JsonObject, WarningCode } from '@atelier/contracts';
import type { Effect, EffectOutcome } from '@atelier/widgets';

/** Why an execution ended: the closed list of `spec/studio.md` 5. */
export const ENDED_REASONS = ['FLOW_END', 'API_REQUEST', 'CALL_ENDED', 'STEP_LIMIT', 'LOOP_LIMIT', 'EXPIRED', 'DELETED', 'INTERRUPTED', 'ERROR'] as const;
export type EndedReason = (typeof ENDED_REASONS)[number];

export type TriggerEvent = 'incomingMessage' | 'incomingCall' | 'incomingConversationMessage' | 'incomingRequest';

/** What starts an execution. `data` becomes `trigger.<message|call|conversation|request>`; for a request it is `{to, from, parameters}`. */
export type Trigger = {
  readonly event: TriggerEvent;
  readonly data: JsonObject;
  /** The person's side: becomes contact.channel.address. */
  readonly contact: string;
  /** Our side: becomes flow.channel.address. */
  readonly address: string;
  /** SID of the message, call or request. */
  readonly initiatedBy: string;
};

/**
 * What the owner of a shard hands to the engine. Asking twice is normal: an input for a step that is no longer current decides nothing
 * (or 81002 where Studio says so).
 */
export type ExecutionInput =
  | {
      readonly type: 'Start';
      readonly execution: ExecutionSid;
      readonly account: AccountSid;
      readonly flow: FlowSid;
      readonly revision: number;
      readonly isTestUser: boolean;
      readonly trigger: Trigger;
    }
  /** An inbound message of the contact; `parameters` as posted. */
  | { readonly type: 'Message'; readonly parameters: JsonObject }
  /** `FlowEvent=<event>` for the current widget. */
  | { readonly type: 'FlowEvent'; readonly event: string; readonly parameters: JsonObject }
  /** Delivery status of the message that `step` sent. */
  | { readonly type: 'MessageStatus'; readonly messageSid: string; readonly status: string; readonly step?: number; readonly parameters: JsonObject }
  /** `step` is the number of the step (from 1) whose effect it was. */
  | { readonly type: 'EffectOutcome'; readonly step: number; readonly outcome: EffectOutcome }
  | { readonly type: 'Timer'; readonly step: number }
  /** Goes on after a sprint that reached its bound of steps. */
  | { readonly type: 'Continue' }
  | { readonly type: 'End'; readonly reason: EndedReason }
  | { readonly type: 'Delete' };

/**
 * What happened, as stored in a sprint. Fields are a storage format: never changed, only added to. `step` is the number of the widget run,
 * from 1 over the whole execution, subflow steps included; its SID exists from its entry on.
 */
export type ExecutionEvent =
  | {
      readonly type: 'ExecutionStarted';
      readonly execution: ExecutionSid;
      readonly account: AccountSid;
      readonly flow: FlowSid;
      readonly revision: number;
      readonly isTestUser: boolean;
      readonly trigger: Trigger;
    }
  /** A widget was left: the step record of Studio. `outputs` are merged into widgets.<name>, `variables` into both flow.variables and widgets.<name>. */
  | {
      readonly type: 'StepTaken';
      readonly step: number;
      readonly widget: string;
      readonly widgetType: string;
      readonly by: string;
      /** The next state, or 'Ended'. */
      readonly to: string;
      readonly enteredAtMs: number;
      readonly outputs?: JsonObject;
      readonly variables?: JsonObject;
      /** The run-subflow step that contains this one. */
      readonly parentStep?: number;
    }
  /** The step asked for an outbound act with these rendered values; the state the execution is in until its outcome. */
  | { readonly type: 'EffectRequested'; readonly step: number; readonly widget: string; readonly enteredAtMs: number; readonly effect: Effect; readonly properties: Json; readonly outputs?: JsonObject }
  | { readonly type: 'EffectEnded'; readonly step: number; readonly outcome: EffectOutcome }
  /** The step waits. `dueAtMs`: when its timer fires; `timeout`: whether the widget asked for it, else it is the end of the execution's life. */
  | { readonly type: 'WaitStarted'; readonly step: number; readonly widget: string; readonly enteredAtMs: number; readonly for: string; readonly dueAtMs?: number; readonly timeout?: true; readonly properties: Json; readonly outputs?: JsonObject; readonly twiml?: string }
  /** An input arrived before the step could take it (a reply while its own send is in flight) and is kept. */
  | { readonly type: 'InputKept'; readonly input: ExecutionInput }
  | { readonly type: 'SubflowEntered'; readonly step: number; readonly widget: string; readonly enteredAtMs: number; readonly flow: FlowSid; readonly revision: number; readonly parameters: JsonObject }
  | { readonly type: 'SubflowPinned'; readonly flow: FlowSid; readonly name: string; readonly revision: number; readonly states?: number }
  | { readonly type: 'WarningRaised'; readonly step: number; readonly widget: string; readonly code: WarningCode; readonly message: string }
  /** The sprint reached its bound before a stop: a `Continue` input goes on. */
  | { readonly type: 'SprintBounded'; readonly next: string }
  | { readonly type: 'SnapshotTaken'; readonly state: Json }
  | { readonly type: 'ExecutionEnded'; readonly reason: EndedReason }
  | { readonly type: 'ExecutionDeleted' };

/** One sprint as stored: its events share one time. */
export type Sprint = { readonly version: number; readonly atMs: number; readonly events: readonly ExecutionEvent[] };
