import type { JsonObject } from '@atelier/contracts';
import type { Effect, Outcome } from './widget';

/** The step is over; `by` names the transition. */
export const leave = (by: string, outputs?: JsonObject): Outcome => ({ kind: 'leave', by, ...(outputs && { outputs }) });

/** The step asks for an outbound act and goes on with its outcome. */
export const perform = (effect: Effect): Outcome => ({ kind: 'perform', effect });

/** The event for a rendered value: the code and message with which an effect failed. */
export const failureOf = (payload: JsonObject): { readonly code: number; readonly message: string; readonly payload: JsonObject | undefined } => ({
  code: Number(payload['code']),
  message: String(payload['message']),
  payload: isObject(payload['payload']) ? payload['payload'] : undefined,
});

/** Whether a JSON value is an object. */
export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
