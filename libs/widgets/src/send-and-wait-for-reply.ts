import type { JsonObject } from '@atelier/contracts';
import { z } from 'zod';
import { defineWidget } from './define-widget';
import { MESSAGE_PROPERTIES, requiringContent } from './message-properties';
import { RENDERED_MESSAGE, sendOr, sendingFailed } from './messaging';
import { leave } from './outcomes';
import { propertiesOf, text } from './properties';
import { wholeSeconds } from './typed-values';

const undelivered = ({ MessageStatus: status, ErrorCode: code }: JsonObject): JsonObject => ({ Status: status, ...(code !== undefined && { ErrorCode: code }) });

/** Sends a message and holds the execution until the contact answers or the time is over. */
export const sendAndWaitForReply = defineWidget({
  type: 'send-and-wait-for-reply',
  title: 'Send & Wait For Reply',
  stored: requiringContent(
    propertiesOf({
      ...MESSAGE_PROPERTIES,
      to: text.optional(), // Unspecified by Twilio: honoured where present; usually it goes to the contact
      timeout: text, // seconds
      save_response_as: text.nullable().optional(), // old exports; ignored
    }),
  ),
  literal: ['shorten_urls', 'message_type', 'save_response_as'],
  // Unspecified by Twilio: replies inside a conversation may leave by the conversation's event too.
  transitions: ['incomingMessage', 'timeout', 'deliveryFailure', 'incomingConversationMessage'],
  waits: true,
  behaviour: {
    rendered: z.object({ ...RENDERED_MESSAGE, timeout: wholeSeconds }), // no maximum: whatever is asked for, an execution ends after its 30 days
    enter: (run) => sendOr(run, 'deliveryFailure', { awaitsDelivery: true }),
    resume: {
      effectSucceeded: ({ properties, limits }, { payload }) => ({ kind: 'wait', for: 'incomingMessage', timeoutSeconds: properties.timeout ?? limits.replyTimeoutSeconds, outputs: { outbound: payload } }),
      effectFailed: (run, arrival) => sendingFailed(run, arrival, 'deliveryFailure'),
      incomingMessage: (_, { payload }) => leave('incomingMessage', { inbound: payload }),
      messageUndelivered: (_, { payload }) => leave('deliveryFailure', { outbound: undelivered(payload) }),
      timeout: () => leave('timeout'),
    },
  },
});
