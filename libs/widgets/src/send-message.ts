import { z } from 'zod';
import { defineWidget } from './define-widget';
import { MESSAGE_PROPERTIES, requiringContent } from './message-properties';
import { RENDERED_MESSAGE, sendOr, sendingFailed } from './messaging';
import { leave } from './outcomes';
import { propertiesOf, text } from './properties';

/** Sends a message and goes on as soon as the API has accepted it. */
export const sendMessage = defineWidget({
  type: 'send-message',
  title: 'Send Message',
  stored: requiringContent(propertiesOf({ ...MESSAGE_PROPERTIES, to: text.optional() })),
  literal: ['shorten_urls', 'message_type'],
  transitions: ['sent', 'failed'],
  behaviour: {
    rendered: z.object(RENDERED_MESSAGE),
    enter: (run) => sendOr(run, 'failed'),
    resume: {
      effectSucceeded: (_, { payload }) => leave('sent', { outbound: payload }),
      effectFailed: (run, arrival) => sendingFailed(run, arrival, 'failed'),
    },
  },
});
