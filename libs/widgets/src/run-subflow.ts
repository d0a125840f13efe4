import { type JsonObject, isSid } from '@atelier/contracts';
import { z } from 'zod';
import { defineWidget } from './define-widget';
import { failureOf, leave } from './outcomes';
import { propertiesOf, typedPair } from './properties';
import { jsonValue } from './typed-values';
import type { WidgetRun } from './widget';

const flowSid = z
  .string()
  .refine((sid) => isSid('FW', sid), 'must be a valid, non-liquid flow sid')
  .meta({ pattern: '^FW[0-9a-fA-F]{32}$' });
const REVISION = /^(LatestPublished|LatestDraft|LatestRevision|[1-9][0-9]*)$/;

type Parameter = { readonly key: string; readonly value: string; readonly type?: string };

const parametersFor = (run: WidgetRun<unknown>): JsonObject => {
  // Checked when the definition was saved.
  const parameters = (run.state.properties['parameters'] ?? []) as readonly JsonObject[] as unknown as readonly Parameter[];
  return Object.fromEntries(parameters.map(({ key, value, type }) => [key, type === 'json_object' ? jsonValue(run, key, value) : run.render(value)]));
};

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
  behaviour: {
    enter: (run) => {
      const { flow_sid: flow, flow_revision: revision } = run.state.properties;
      return { kind: 'enter-flow', flowSid: String(flow), revision: String(revision), parameters: parametersFor(run) };
    },
    resume: {
      subflowEnded: (_, { payload }) => leave('completed', payload),
      effectFailed: (run, { payload }) => {
        run.warn({ code: 81024, message: failureOf(payload).message });
        return leave('failed');
      },
    },
  },
});
