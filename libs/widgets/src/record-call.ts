import { defineWidget } from './define-widget';
import { bool, propertiesOf, templatedChoice, text } from './properties';

/** Starts or stops the recording of the call. */
export const recordCall = defineWidget({
  type: 'record-call',
  title: 'Call Recording',
  stored: propertiesOf({
    record_call: bool,
    recording_status_callback: text.optional(),
    recording_status_callback_method: templatedChoice('GET', 'POST').optional(),
    recording_status_callback_events: text.optional(), // separated by spaces: in-progress completed absent
    recording_channels: templatedChoice('mono', 'dual').optional(),
    trim: templatedChoice('trim-silence', 'do-not-trim').optional(),
  }),
  literal: ['record_call'],
  transitions: ['success', 'failed'],
});
