import { z } from 'zod';
import { defineWidget } from './define-widget';
import { choice, int, pairs, propertiesOf, requiredWhen, templatedChoice, text } from './properties';

/** Hands the contact to a virtual agent. */
export const connectVirtualAgentV2 = defineWidget({
  type: 'connect-virtual-agent-v2',
  title: 'Connect Virtual Agent',
  stored: requiredWhen(
    propertiesOf({
      channel: choice('voice', 'conversations').optional(),
      connector_name: text.optional(),
      connector_details: z.looseObject({ addon_sid: text.optional(), installed_addon_sid: text.optional(), name: text.optional() }).optional(),
      session_behavior: choice('new_session', 'resume').optional(),
      resume_session_identification_method: text.optional(),
      resume_session_identification_value: text.optional(),
      resume_session_event_name: text.optional(),
      status_callback: text.optional(),
      status_callback_method: templatedChoice('GET', 'POST').optional(),
      parameters: pairs.optional(),
      configurations: pairs.optional(),
      timeout: int().optional(), // seconds; conversations only
    }),
    { key: 'channel', values: ['voice'], orAbsent: true, required: ['connector_name'] },
  ),
  literal: ['channel', 'connector_details', 'session_behavior', 'resume_session_identification_method', 'timeout'],
  transitions: ['completed', 'live-agent-handoff', 'paused', 'hangup', 'timeout', 'failed'],
  waits: true,
});
