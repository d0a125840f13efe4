import { defineWidget } from './define-widget';
import { bool, int, propertiesOf, text } from './properties';

/** The older form of Make Outgoing Call; the console adds it no more. */
export const makeOutgoingCallV1 = defineWidget({
  type: 'make-outgoing-call-v1',
  title: 'Make Outgoing Call',
  stored: propertiesOf({
    from: text,
    to: text,
    record: bool.optional(),
    timeout: int(0, 600).optional(), // seconds of ringing
  }),
  literal: ['record', 'timeout'],
  transitions: ['answered', 'answeredByMachine', 'busy', 'noAnswer', 'failed', 'hangup'],
  waits: true,
});
