import type { AccountSid, ExecutionSid } from '@atelier/contracts';
import type { EffectOutcome } from '@atelier/widgets';
import type { COMMAND_KIND, CreateBody, InputBody, MessageBody } from '../ingress/stored-command';

type Kind = typeof COMMAND_KIND;
type Drained = {
  readonly from: 'inbox';
  readonly shard: number;
  readonly pos: number;
  /** Whom the door saw holding the claim, where it saw somebody. */
  readonly hint: ExecutionSid | undefined;
  /** As stored, for parking. */
  readonly text: string;
};
/** A command as drained. `unreadable` is parked. */
export type DrainedCommand =
  | (Drained & { readonly kind: Kind['create']; readonly body: CreateBody })
  | (Drained & { readonly kind: Kind['message']; readonly body: MessageBody })
  | (Drained & { readonly kind: Kind['input']; readonly body: InputBody })
  | (Drained & { readonly kind: 'unreadable' });
export type OutcomeInput = { readonly from: 'effect'; readonly shard: number; readonly account: AccountSid; readonly execution: ExecutionSid; readonly step: number; readonly outcome: EffectOutcome };
export type TimerInput = { readonly from: 'timer'; readonly shard: number; readonly execution: ExecutionSid; readonly step: number; readonly dueMs: number };
export type ContinueInput = { readonly from: 'bound'; readonly shard: number; readonly execution: ExecutionSid };
export type MemoryInput = OutcomeInput | ContinueInput;

/** What a lane decides on, in this order: the inbox, outcomes and continuations from memory, due timers. */
export type LaneInput = DrainedCommand | MemoryInput | TimerInput;

/** What names an input across takeovers (A12). */
export const identityOf = (input: LaneInput): string => {
  switch (input.from) {
    case 'inbox':
      return `command:${input.pos}`;
    case 'bound':
      return `bound:${input.execution}`;
    default:
      return `${input.from}:${input.execution}:${input.step}`;
  }
};

/** Whose an input is, where it says so itself. */
export const accountOf = (input: LaneInput): AccountSid | undefined => {
  if (input.from === 'effect') return input.account;
  if (input.from !== 'inbox' || input.kind === 'unreadable') return undefined;
  // Parking must not fail on what deciding has failed on: a body may lack what its kind promises.
  const { account, start } = input.body as { readonly account?: AccountSid; readonly start?: { readonly account?: AccountSid } };
  return account ?? start?.account;
};
