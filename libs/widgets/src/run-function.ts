import { z } from 'zod';
import { answerOutputs, parametersOf } from './answers';
import { defineWidget } from './define-widget';
import { failureOf, isObject, leave, perform } from './outcomes';
import { pairs, propertiesOf, text } from './properties';

const pair = z.object({ key: z.string(), value: z.string() });

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
  behaviour: {
    rendered: z.object({ url: z.string().default(''), parameters: z.array(pair).default([]) }),
    enter: ({ properties: { url, parameters } }) => perform({ kind: 'function.run', request: { url, parameters: parametersOf(parameters) } }),
    resume: {
      // Redirects succeed here, unlike those of make-http-request.
      effectSucceeded: (run, { payload }) => {
        const isSuccess = Number(payload['status']) >= 200 && Number(payload['status']) < 400;
        if (!isSuccess) run.warn({ code: 81017, message: `The Function answered ${String(payload['status'])}` });
        return leave(isSuccess ? 'success' : 'fail', { ...answerOutputs(payload), ...(isObject(payload['headers']) && Object.keys(payload['headers']).length > 0 && { headers: payload['headers'] }) });
      },
      effectFailed: (run, { payload }) => {
        run.warn({ code: 81010, message: failureOf(payload).message });
        return leave('fail');
      },
    },
  },
});
