import { z } from 'zod';
import { defineWidget } from './define-widget';
import { leave } from './outcomes';
import { choice, propertiesOf, text } from './properties';
import { wholeSeconds } from './typed-values';

const TIMEOUT_SECONDS_MAX = 14_400; // the default too
const URL_FORM = /^(https?:\/\/[^\s/?#]+|\/)\S*$/i; // TwiML allows a path on its own

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
  behaviour: {
    rendered: z.object({ url: z.string().default(''), method: z.string().default('POST'), timeout: wholeSeconds(TIMEOUT_SECONDS_MAX, TIMEOUT_SECONDS_MAX) }),
    enter: ({ properties: { url, method, timeout } }) => {
      if (!URL_FORM.test(url.trim())) return leave('fail');
      // 0 gives the call or message away: no timer, and no way back but `return`.
      return { kind: 'wait', for: 'return', ...(timeout > 0 && { timeoutSeconds: timeout }), twiml: { verb: 'Redirect', url: url.trim(), method } };
    },
    resume: {
      return: (_, { payload }) => leave('return', payload),
      timeout: () => leave('timeout'),
    },
  },
});
