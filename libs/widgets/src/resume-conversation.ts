import { z } from 'zod';
import { defineWidget } from './define-widget';
import { bool, propertiesOf, text } from './properties';

/** Takes up an existing conversation for the rest of the execution. */
export const resumeConversation = defineWidget({
  type: 'resume-conversation',
  title: 'Resume Conversation',
  stored: propertiesOf({
    conversation_service_sid: text,
    conversation_sid: text,
    webhook_filters: z.union([text, z.array(text)]).optional(), // Unspecified by Twilio: one text or a list
    attributes: text.optional(), // JSON
    close_conversation_on_execution_end: bool.optional(),
  }),
  literal: ['close_conversation_on_execution_end'],
  transitions: ['resumed', 'failed'],
  requiresRestTrigger: true,
});
