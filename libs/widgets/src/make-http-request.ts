import { z } from 'zod';
import { answerOutputs, parametersOf } from './answers';
import { defineWidget } from './define-widget';
import { failureOf, leave, perform } from './outcomes';
import { bool, choice, pairs, propertiesOf, text } from './properties';
import type { HttpRequest } from './widget';

// Exports write the character set, Twilio's documentation leaves it out.
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const httpContentType = choice(`${FORM};charset=utf-8`, `${JSON_TYPE};charset=utf-8`, FORM, JSON_TYPE);

const pair = z.object({ key: z.string(), value: z.string() });
const rendered = z.object({
  url: z.string().default(''),
  method: z.enum(['GET', 'POST']).default('GET'),
  content_type: z.string().default(`${FORM};charset=utf-8`),
  body: z.string().default(''),
  parameters: z.array(pair).default([]),
  add_twilio_auth: z.boolean().default(false),
});

const requestOf = ({ url, method, content_type: contentType, body, parameters, add_twilio_auth: addTwilioAuth }: z.infer<typeof rendered>): HttpRequest => ({
  method,
  url: url.trim(),
  contentType,
  ...(method === 'POST' && body !== '' && { body }),
  parameters: parametersOf(parameters),
  addTwilioAuth,
});

/** Calls a web service and keeps its answer. */
export const makeHttpRequest = defineWidget({
  type: 'make-http-request',
  title: 'Make HTTP Request',
  stored: propertiesOf({
    url: text,
    method: choice('GET', 'POST').optional(),
    content_type: httpContentType.optional(),
    body: text.optional(),
    parameters: pairs.optional(),
    add_twilio_auth: bool.optional(),
  }),
  literal: ['method', 'content_type', 'add_twilio_auth'],
  transitions: ['success', 'failed'],
  behaviour: {
    rendered,
    enter: ({ properties }) => perform({ kind: 'http.request', request: requestOf(properties) }),
    resume: {
      effectSucceeded: (run, { payload }) => {
        const isSuccess = Number(payload['status']) >= 200 && Number(payload['status']) < 300;
        if (!isSuccess) run.warn({ code: 81016, message: `The server answered ${String(payload['status'])}` });
        return leave(isSuccess ? 'success' : 'failed', answerOutputs(payload));
      },
      effectFailed: (run, { payload }) => {
        const { code, message } = failureOf(payload);
        run.warn({ code: code === 81014 ? 81014 : 81016, message });
        return leave('failed');
      },
    },
  },
});
