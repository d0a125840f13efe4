import { z } from 'zod';
import { defineWidget } from './define-widget';
import { leave } from './outcomes';
import { choice, propertiesOf, text } from './properties';
import { wholeSeconds } from './typed-values';

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
    rendered: z.object({ url: z.string().default(''), method: z.string().default('POST'), timeout: wholeSeconds }),
    enter: ({ properties: { url, method, timeout }, limits: { redirectTimeoutSecondsMax: max }, warn }) => {
      if (!URL_FORM.test(url.trim())) return leave('fail');
      if (timeout !== undefined && timeout > max) warn({ code: 81027, message: `The timeout is longer than ${max} seconds; its default counts` });
      const seconds = timeout === undefined || timeout > max ? max : timeout;
      // 0 gives the call or message away: no timer, and no way back but `return`.
      return { kind: 'wait', for: 'return', ...(seconds > 0 && { timeoutSeconds: seconds }), twiml: { verb: 'Redirect', url: url.trim(), method } };
    },
    resume: {
      return: (_, { payload }) => leave('return', payload),
      timeout: () => leave('timeout'),
    },
  },
});
