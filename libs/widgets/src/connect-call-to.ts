import { defineWidget } from './define-widget';
import { bool, choice, int, propertiesOf, requiredWhen, text } from './properties';

/** Connects the caller with somebody else. */
export const connectCallTo = defineWidget({
  type: 'connect-call-to',
  title: 'Connect Call To',
  stored: requiredWhen(
    propertiesOf({
      noun: choice('number', 'number-multi', 'client', 'sip', 'sim', 'conference'),
      to: text.optional(),
      caller_id: text.optional(),
      record: bool.optional(),
      timeout: int(1, 600).optional(), // seconds until somebody answers
      time_limit: text.optional(), // seconds
      sip_endpoint: text.optional(),
      sip_username: text.optional(),
      sip_password: text.optional(),
    }),
    { key: 'noun', values: ['number', 'number-multi', 'client', 'sim', 'conference'], required: ['to'] },
    { key: 'noun', values: ['sip'], required: ['sip_endpoint'] },
  ),
  literal: ['noun', 'record', 'timeout'],
  transitions: ['callCompleted', 'hangup'],
  waits: true,
});
