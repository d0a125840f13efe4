import { defineWidget } from './define-widget';
import { choice, propertiesOf, text } from './properties';

/** Hands the call or the message to TwiML of one’s own and waits until it comes back. */
export const addTwimlRedirect = defineWidget({
  type: 'add-twiml-redirect',
  title: 'TwiML Redirect',
  stored: propertiesOf({
    url: text,
    method: choice('POST', 'GET').optional(),
    timeout: text.optional(), // seconds, 0 to 14,400
  }),
  literal: ['method'],
  transitions: ['return', 'timeout', 'fail'],
  waits: true,
});
