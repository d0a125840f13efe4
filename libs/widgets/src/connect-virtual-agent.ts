import { defineWidget } from './define-widget';
import { propertiesOf, text } from './properties';

/** The older form of Connect Virtual Agent, for calls only; deprecated. */
export const connectVirtualAgent = defineWidget({
  type: 'connect-virtual-agent',
  title: 'Connect Virtual Agent',
  stored: propertiesOf({
    connector: text,
    language: text.optional(),
    sentiment_analysis: text.optional(),
    status_callback: text.optional(),
  }),
  literal: [],
  transitions: ['return', 'hangup'],
  waits: true,
});
