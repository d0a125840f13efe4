import { defineWidget } from './define-widget';
import { pairs, propertiesOf, text } from './properties';

/** Connects the call with a service of one’s own that talks by WebSocket. */
export const runConversationRelay = defineWidget({
  type: 'run-conversation-relay',
  title: 'ConversationRelay',
  stored: propertiesOf({
    url: text, // wss://
    welcome_greeting: text.optional(),
    tts_provider: text.optional(),
    voice: text.optional(),
    language: text.optional(),
    transcription_provider: text.optional(),
    speech_model: text.optional(),
    dtmf_detection: text.optional(),
    interruptible: text.optional(), // 'true' or 'false'
    parameters: pairs.optional(),
  }),
  literal: [],
  transitions: ['success', 'failed'],
  waits: true,
});
