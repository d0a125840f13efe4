import { defineWidget } from './define-widget';
import { bool, choice, pairs, propertiesOf, text } from './properties';

// Exports write the character set, Twilio's documentation leaves it out.
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const httpContentType = choice(`${FORM};charset=utf-8`, `${JSON_TYPE};charset=utf-8`, FORM, JSON_TYPE);

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
});
