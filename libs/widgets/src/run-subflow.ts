import { isSid } from '@atelier/contracts';
import { z } from 'zod';
import { defineWidget } from './define-widget';
import { propertiesOf, typedPair } from './properties';

const flowSid = z
  .string()
  .refine((sid) => isSid('FW', sid), 'must be a valid, non-liquid flow sid')
  .meta({ pattern: '^FW[0-9a-fA-F]{32}$' });
const REVISION = /^(LatestPublished|LatestDraft|LatestRevision|[1-9][0-9]*)$/;

/** Runs another flow inside this execution and takes over the variables that it set. */
export const runSubflow = defineWidget({
  type: 'run-subflow',
  title: 'Run Subflow',
  stored: propertiesOf({
    flow_sid: flowSid,
    flow_revision: z.string().regex(REVISION),
    parameters: z.array(typedPair).optional(),
  }),
  literal: ['flow_sid', 'flow_revision'],
  transitions: ['completed', 'failed'],
  waits: true, // perhaps: what the other flow does is not known here
});
