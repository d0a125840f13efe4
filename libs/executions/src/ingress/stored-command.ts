import type { AccountSid, ExecutionSid, JsonObject } from '@atelier/contracts';
import type { CommandInput, StartRequest } from './ingress.port';

/** Whom the owner tells what became of an input: the ingress that waits, and its number for it. */
export type ReplyTo = { readonly door: string; readonly id: number };

/** A REST create or a trigger: its claim was taken with it. */
export type CreateBody = { readonly start: StartRequest; readonly keys: readonly string[] };

/** A message at the webhook; `start` counts only if no execution holds one of the keys. */
export type MessageBody = {
  readonly start: StartRequest;
  readonly keys: readonly string[];
  readonly parameters: JsonObject;
  readonly event?: string;
  readonly reply?: ReplyTo;
};

/** An input to a known execution. */
export type InputBody = { readonly execution: ExecutionSid; readonly account: AccountSid; readonly input: CommandInput; readonly reply?: ReplyTo };

/** Numbers of the column `command.kind`; a storage format. */
export const COMMAND_KIND = { create: 1, message: 2, input: 3 } as const;
