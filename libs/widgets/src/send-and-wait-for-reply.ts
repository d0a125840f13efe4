import { defineWidget } from './define-widget';
import { MESSAGE_PROPERTIES, requiringContent } from './message-properties';
import { propertiesOf, text } from './properties';

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
});
