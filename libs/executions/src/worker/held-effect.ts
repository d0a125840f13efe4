import { type AccountSid, stepSidOf } from '@atelier/contracts';
import type { Effect } from '@atelier/widgets';
import type { RequestedEffect } from './effect-performer.port';
import type { Entry } from './entry';
import { effectName } from './message-outcomes';

/** An effect that its owner has in hand. */
export type Held = {
  readonly name: string;
  readonly shard: number;
  readonly effect: Omit<RequestedEffect, 'effect'> & { readonly account: AccountSid; readonly effect: Effect };
  readonly attempts: number;
  /** On this process's monotonic clock. */
  readonly attemptedMs: number;
};

export const heldOf = (entry: Entry, step: number, effect: Effect, attempts: number, attemptedMs: number): Held => ({
  name: effectName(entry.sid, step),
  shard: entry.shard,
  effect: { execution: entry.sid, account: entry.account, flow: entry.flow, step, stepSid: stepSidOf(entry.sid, step), effect },
  attempts,
  attemptedMs,
});
