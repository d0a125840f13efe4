import { defineWidget } from './define-widget';
import { choice, propertiesOf, templatedMax, text } from './properties';

/** Creates a task for an agent in Twilio Flex. */
export const sendToFlex = defineWidget({
  type: 'send-to-flex',
  title: 'Send To Flex',
  stored: propertiesOf({
    workflow: text, // WW…
    channel: text, // TC…
    attributes: templatedMax(1_024).optional(), // JSON with templates in its values
    priority: text.optional(),
    timeout: text.optional(), // seconds, up to 1,209,600
    waitUrl: text.optional(),
    waitUrlMethod: choice('GET', 'POST').optional(),
  }),
  literal: ['workflow', 'channel', 'waitUrl', 'waitUrlMethod'],
  transitions: ['callComplete', 'failedToEnqueue', 'callFailure', 'composerStarted'],
});
