import { defineWidget } from './define-widget';
import { bool, int, propertiesOf, templatedChoice, text } from './properties';

/** Records what the caller says. */
export const recordVoicemail = defineWidget({
  type: 'record-voicemail',
  title: 'Record Voicemail',
  stored: propertiesOf({
    timeout: int().optional(), // seconds of silence
    finish_on_key: text.optional(),
    max_length: int(1, 14_400).optional(), // seconds
    transcribe: bool.optional(),
    transcription_callback_url: text.optional(),
    trim: templatedChoice('trim-silence', 'do-not-trim').optional(),
    play_beep: templatedChoice('true', 'false').optional(),
    recording_status_callback_url: text.optional(),
  }),
  literal: ['timeout', 'max_length', 'transcribe'],
  transitions: ['recordingComplete', 'noAudio', 'hangup'],
  waits: true,
});
