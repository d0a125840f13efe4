import { z } from 'zod';
import { defineWidget } from './define-widget';
import { pairs, propertiesOf, text } from './properties';

/** Calls a Twilio Function and keeps its answer. */
export const runFunction = defineWidget({
  type: 'run-function',
  title: 'Run Function',
  stored: propertiesOf({
    url: z.string().min(1), // https; exports of templates may hold an empty one, which cannot run
    service_sid: text.optional(), // ZS… or 'default'
    environment_sid: text.optional(), // ZE…
    function_sid: text.optional(), // ZH…
    parameters: pairs.optional(),
  }),
  literal: ['url', 'service_sid', 'environment_sid', 'function_sid'],
  transitions: ['success', 'fail'],
});
