import { type ExecutionSid, type JsonObject, isSid } from '@atelier/contracts';
import { dateFilter } from '@atelier/rest-kit';
import { z } from 'zod';
import { isUsableObject, jsonObjectOf } from './json-values';

export const PARAMETERS_CHARACTERS_MAX = 262_144; // Unspecified by Twilio
const address = z.string().min(1, 'must not be empty');

// JSON text in a form; a JSON body may hold the object itself.
const parameters = z.unknown().transform((value, context): JsonObject => {
  const object = typeof value === 'string' && value.length <= PARAMETERS_CHARACTERS_MAX ? jsonObjectOf(value) : value;
  if (isUsableObject(object) && (typeof value === 'string' || JSON.stringify(object).length <= PARAMETERS_CHARACTERS_MAX)) return object;
  context.addIssue({ code: 'custom', message: `expected a JSON object of at most ${PARAMETERS_CHARACTERS_MAX} characters` });
  return z.NEVER;
});

/** POST .../Executions. How long both addresses may be together is a rule of its own (81023). */
export const createForm = z.object({
  To: address.describe('The contact: becomes contact.channel.address.'),
  From: address.describe('The Twilio side: becomes flow.channel.address.'),
  Parameters: parameters.optional().describe('A JSON object: becomes flow.data and trigger.request.parameters.'),
});

/** POST .../Executions/{Sid}. */
export const endForm = z.object({ Status: z.literal('ended', { error: 'expected ended' }).describe('ended: the execution ends where it is.') });

const status = z.enum(['active', 'ended'], { error: 'expected active or ended' }).optional();

/** The filters of a list in v1. */
export const dateFilters = z.object({ DateCreatedFrom: dateFilter.optional(), DateCreatedTo: dateFilter.optional() });

/** Those of v2. Twilio's client sends `Status`, its documents say `status`. */
export const listFilters = dateFilters.extend({ status, Status: status });

/** Place of an execution in a list: newest first, and identifiers sort by time. */
export const executionPlace = z.tuple([z.string().refine((sid): sid is ExecutionSid => isSid('FN', sid))]);
export type ExecutionPlace = z.infer<typeof executionPlace>;

/** Place of a step: its number. */
export const stepPlace = z.tuple([z.int().nonnegative()]);
export type StepPlace = z.infer<typeof stepPlace>;
