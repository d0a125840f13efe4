import { defineWidget } from './define-widget';
import { choice, pairs, propertiesOf, requiredWhen, text } from './properties';

/** Starts or stops a second stream of the call’s audio. */
export const forkStream = defineWidget({
  type: 'fork-stream',
  title: 'Fork Stream',
  stored: requiredWhen(
    propertiesOf({
      stream_action: choice('start', 'stop'),
      stream_name: text.optional(),
      stream_transport_type: choice('websocket', 'siprec').optional(),
      stream_url: text.optional(),
      stream_connector: text.optional(),
      stream_connector_name: text.optional(), // the same under the name of Twilio's authoring reference
      stream_track: choice('inbound_track', 'outbound_track', 'both_tracks').optional(),
      stream_parameters: pairs.optional(),
    }),
    { key: 'stream_action', values: ['start'], required: ['stream_transport_type', 'stream_track'] },
    { key: 'stream_transport_type', values: ['websocket'], required: ['stream_url'] },
    { key: 'stream_transport_type', values: ['siprec'], required: ['stream_connector'], orOther: 'stream_connector_name' },
  ),
  literal: ['stream_action', 'stream_transport_type', 'stream_track'],
  transitions: ['next'],
});
