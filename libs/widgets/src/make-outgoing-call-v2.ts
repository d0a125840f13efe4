import { defineWidget } from './define-widget';
import { bool, int, propertiesOf, templatedChoice, templatedMax, text } from './properties';

/** Calls the contact of an execution that was started over REST. */
export const makeOutgoingCallV2 = defineWidget({
  type: 'make-outgoing-call-v2',
  title: 'Make Outgoing Call',
  stored: propertiesOf({
    from: text,
    to: text,
    record: bool.optional(),
    recording_channels: templatedChoice('mono', 'dual').optional(),
    recording_status_callback: text.optional(),
    trim: templatedChoice('trim-silence', 'do-not-trim').optional(),
    detect_answering_machine: bool.optional(),
    machine_detection: templatedChoice('Enable', 'DetectMessageEnd').optional(),
    machine_detection_timeout: text.optional(), // seconds, 3 to 120
    machine_detection_speech_threshold: text.optional(), // milliseconds, 1,000 to 6,000
    machine_detection_speech_end_threshold: text.optional(), // milliseconds, 500 to 5,000
    machine_detection_silence_timeout: text.optional(), // milliseconds, 2,000 to 10,000
    send_digits: templatedMax(32).optional(),
    timeout: int(0, 600).optional(), // seconds of ringing
    sip_auth_username: text.optional(),
    sip_auth_password: text.optional(),
  }),
  literal: ['record', 'detect_answering_machine', 'timeout'],
  transitions: ['answered', 'busy', 'noAnswer', 'failed'],
  waits: true,
});
