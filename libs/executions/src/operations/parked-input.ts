import { type AccountSid, type ExecutionSid, type FlowSid, Rejection } from '@atelier/contracts';
import { startedAtMs } from '../ingress/keys';
import type { CreateBody, InputBody, MessageBody } from '../ingress/stored-command';
import type { ContinueInput, OutcomeInput, TimerInput } from '../worker/inputs';

/** An input that could not be decided or stored (A12). `body`: its text as it was. */
export type ParkedInput = {
  readonly id: number;
  readonly at: Date;
  readonly shard: number;
  readonly account: AccountSid | undefined;
  readonly reason: string;
  readonly body: string;
};

/** What a parked input was, by what it says itself; the table has no kind. */
export type Read =
  | { readonly kind: 'create'; readonly input: CreateBody }
  | { readonly kind: 'message'; readonly input: MessageBody }
  | { readonly kind: 'input'; readonly input: InputBody }
  | { readonly kind: 'effect'; readonly input: OutcomeInput }
  | { readonly kind: 'timer'; readonly input: TimerInput }
  | { readonly kind: 'continue'; readonly input: ContinueInput }
  | { readonly kind: 'unreadable' };

const KIND_OF_SOURCE: Readonly<Record<string, Read['kind']>> = { effect: 'effect', timer: 'timer', bound: 'continue' };

export const readParked = (body: string): Read => {
  const input = objectOf(body);
  if (!input) return { kind: 'unreadable' };
  const kind = KIND_OF_SOURCE[String(input['from'])] ?? kindOfCommand(input);
  return { kind, input } as unknown as Read; // written by our own ingress or owner; the members decide which of them it is
};

const kindOfCommand = (input: Readonly<Record<string, unknown>>): Read['kind'] => {
  if (input['execution'] !== undefined && input['input'] !== undefined) return 'input';
  if (input['start'] === undefined) return 'unreadable';
  return input['parameters'] === undefined ? 'create' : 'message';
};

const objectOf = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // shown with its text; nobody can enter it again
  }
};

/** The execution and the flow that it is about, where it names them. A message names the execution only that it would have started. */
export const subjectOf = (read: Read): { readonly execution?: ExecutionSid; readonly flow?: FlowSid } => {
  switch (read.kind) {
    case 'create':
      return { execution: read.input.start.execution, flow: read.input.start.flow };
    case 'message':
      return { flow: read.input.start.flow };
    case 'unreadable':
      return {};
    default:
      return { execution: read.input.execution };
  }
};

const RETRY_DAYS = 29; // rows of an execution go 31 days after its start, and REST shows it for 30

/** 409 for what cannot be entered again. */
export const mustBeRetryable = (read: Read, nowMs: number): void => {
  if (read.kind === 'unreadable') throw new Rejection('Conflict', { message: 'The input cannot be read; it can only be dropped' });
  const { execution } = subjectOf(read);
  if (read.kind === 'create' && execution && startedAtMs(execution) < nowMs - RETRY_DAYS * 86_400_000)
    throw new Rejection('Conflict', { message: `Execution ${execution} was asked for more than ${RETRY_DAYS} days ago; it can only be dropped` });
};
