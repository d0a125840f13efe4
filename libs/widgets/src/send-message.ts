import { defineWidget } from './define-widget';
import { MESSAGE_PROPERTIES, requiringContent } from './message-properties';
import { propertiesOf, text } from './properties';

/** Sends a message and goes on as soon as the API has accepted it. */
export const sendMessage = defineWidget({
  type: 'send-message',
  title: 'Send Message',
  stored: requiringContent(propertiesOf({ ...MESSAGE_PROPERTIES, to: text.optional() })),
  literal: ['shorten_urls', 'message_type'],
  transitions: ['sent', 'failed'],
});
