import { defineWidget } from './define-widget';
import { int, pairs, propertiesOf, text } from './properties';

/** Handed the contact to Twilio Autopilot, which is gone; it always fails. */
export const sendToAutoPilot = defineWidget({
  type: 'send-to-auto-pilot',
  title: 'Send To Autopilot',
  stored: propertiesOf({
    autopilot_assistant_sid: text,
    from: text.optional(),
    body: text,
    timeout: int(), // seconds
    chat_channel: text.optional(),
    chat_service: text.optional(),
    chat_attributes: text.optional(),
    target_task: text.optional(),
    memory_parameters: pairs.optional(),
  }),
  literal: ['timeout'],
  transitions: ['sessionEnded', 'failure', 'timeout'],
});
