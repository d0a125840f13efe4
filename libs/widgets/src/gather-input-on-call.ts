import { defineWidget } from './define-widget';
import { bool, exactlyOne, int, propertiesOf, templatedChoice, text } from './properties';

/** Asks the caller and takes digits or speech. */
export const gatherInputOnCall = defineWidget({
  type: 'gather-input-on-call',
  title: 'Gather Input On Call',
  stored: exactlyOne(
    propertiesOf({
      say: text.optional(),
      play: text.optional(),
      voice: text.optional(),
      language: text.optional(),
      loop: int().optional(),
      timeout: int(0, 30).optional(), // seconds
      stop_gather: bool.optional(),
      finish_on_key: text.optional(),
      number_of_digits: int(0, 30).optional(),
      gather_language: text.optional(),
      hints: text.optional(),
      profanity_filter: templatedChoice('true', 'false').optional(),
      speech_timeout: text.optional(), // 'auto' or seconds
      speech_model: text.optional(),
      save_response_as: text.nullable().optional(), // old exports; ignored
    }),
    ['say', 'play'],
  ),
  literal: ['loop', 'timeout', 'stop_gather', 'number_of_digits', 'save_response_as'],
  transitions: ['keypress', 'speech', 'timeout'],
  waits: true,
});
