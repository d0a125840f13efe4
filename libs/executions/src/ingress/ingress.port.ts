import type { AccountSid, ExecutionSid, FlowSid, JsonObject } from '@atelier/contracts';
import type { ExecutionInput, Trigger } from '@atelier/engine';
import type { TriggerRoom } from './backlog';

/** An execution as the door wants it to start; its SID is made at the door (`newExecutionSid`), the revision is resolved there (FlowDirectory). */
export type StartRequest = {
  readonly execution: ExecutionSid;
  readonly account: AccountSid;
  readonly flow: FlowSid;
  readonly revision: number;
  readonly isTestUser: boolean;
  readonly trigger: Trigger;
};

/** `accepted` is durable. A retry with the same SID is `accepted` again; `conflict` names the execution that is active for this contact. */
export type CreateResult = { readonly kind: 'accepted' | 'conflict'; readonly execution: ExecutionSid };

/** `duplicate` names the execution that the first record with this idempotency key started. */
export type TriggerOutcome = { readonly kind: 'started' | 'duplicate' | 'conflict'; readonly execution: ExecutionSid };

/** A message (or an event by contact) at the webhook. The owner of the shard decides: new execution, resume, or ignored (`spec/studio.md` 4.6). */
export type InboundMessage = {
  /** Counts only if no execution is active for the contact. */
  readonly start: StartRequest;
  /** What makes a repetition recognisable for 24 h, with its kind: `message:SM…`, `token:…`; the account is added to it. */
  readonly inputKey: string;
  /** Flow addresses under which an active execution is looked for: To, and MessagingServiceSid where there is one. */
  readonly addresses: readonly string[];
  /** As posted. */
  readonly parameters: JsonObject;
  /** `FlowEvent` of the query: goes to the current widget in place of a message. */
  readonly event?: string;
  /** How long to wait for the answer of the execution (its TwiML); absent: answer after the commit. */
  readonly replyWithinMs?: number;
};

/** An input to an execution that is known by its SID. */
export type ExecutionCommand = {
  readonly execution: ExecutionSid;
  readonly account: AccountSid;
  readonly input: CommandInput;
  /** As in InboundMessage; absent: repeating is harmless. */
  readonly inputKey?: string;
  readonly replyWithinMs?: number;
};
export type CommandInput = Extract<ExecutionInput, { type: 'End' | 'Delete' | 'FlowEvent' | 'MessageStatus' | 'EffectOutcome' | 'Message' }>;

/** What the owner of the shard did with an input whose door waits; sent after its commit. */
export type Reply = {
  readonly execution: ExecutionSid;
  /** False: nothing was decided, for example an end of what had ended. */
  readonly changed: boolean;
  readonly status: 'active' | 'ended' | 'deleted' | 'missing';
  /** The TwiML that the execution waits with, if any. */
  readonly twiml?: string;
};

/** `repeated`: seen within 24 h, nothing changed. `unknown`: no such execution. `reply` is absent where none was asked for or none came in time. */
export type CommandResult = { readonly kind: 'accepted' | 'repeated' | 'unknown'; readonly reply?: Reply };

/**
 * The inbox of the context: everything that may change an execution goes through here, and what is answered is durable (invariant A1).
 * Throws Rejection TooManyRequests over the account's cap of unprocessed commands, ConnectionLost where nobody knows.
 */
export interface Ingress {
  /** Asked by those who take trigger records. */
  readonly room: TriggerRoom;
  /** What this door has entered and nobody has processed: in all, and of the busiest account. */
  readonly backlog: { readonly inputs: number; readonly accountMax: number };
  create(start: StartRequest): Promise<CreateResult>;
  trigger(start: StartRequest, idempotencyKey: string): Promise<TriggerOutcome>;
  message(message: InboundMessage): Promise<CommandResult>;
  command(command: ExecutionCommand): Promise<CommandResult>;
  close(): Promise<void>;
}
