import { z } from 'zod';
import { defineWidget } from './define-widget';
import { bool, choice, propertiesOf, requiredWhen, text } from './properties';

// `messaging` is what public flows say, `sms` what Twilio's authoring reference says.
const participant = requiredWhen(
  z.looseObject({
    type: choice('messaging', 'sms', 'chat'),
    messaging_binding_address: text.optional(),
    messaging_binding_proxy_address: text.optional(),
    identity: text.optional(),
  }),
  { key: 'type', values: ['messaging', 'sms'], required: ['messaging_binding_address', 'messaging_binding_proxy_address'] },
  { key: 'type', values: ['chat'], required: ['identity'] },
);

/** Creates a conversation with one participant for the rest of the execution. */
export const startConversation = defineWidget({
  type: 'start-conversation',
  title: 'Start Conversation',
  stored: propertiesOf({
    conversation_service_sid: text,
    participants: z.array(participant).min(1),
    friendly_name: text.optional(),
    attributes: text.optional(), // JSON
    chat_service_sid: text.optional(),
    messaging_service_sid: text.optional(),
    timers_inactive: text.optional(), // ISO 8601 duration
    timers_closed: text.optional(), // ISO 8601 duration
    close_conversation_on_execution_end: bool.optional(),
  }),
  literal: ['close_conversation_on_execution_end'],
  transitions: ['created', 'failed'],
  requiresRestTrigger: true,
});
