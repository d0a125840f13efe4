import { WIDGETS } from '@atelier/widgets';
import { validateDefinition } from './index';
import { flowOf, state } from './samples';

const sid = (prefix: string): string => prefix + '0123456789abcdef'.repeat(2);
const kv = [{ key: 'a', value: '{{flow.data.x}}' }];

/** Every property of the tables of `spec/widgets.md`, as exports of the console have them: what is not filled in is empty text or null. */
const FULL: Readonly<Record<string, object>> = {
  trigger: {},
  'split-based-on': { input: '{{x}}' },
  'set-variables': {
    variables: [{ key: 'a', value: '1', type: 'string', index: '0' }, { key: 'b', value: '{{flow}}', type: 'json_object' }, { key: 'c', value: '', parse_as_json: true }],
  },
  'send-message': {
    body: 'Hi', from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', media_url: '', service: '{{trigger.message.InstanceSid}}', attributes: '{"a":"{{x}}"}',
    channel: '{{trigger.message.ChannelSid}}', shorten_urls: true, message_type: 'content_template', content_sid: sid('HX'), content_variables: [{ key: '{{1}}', value: 'x' }],
  },
  'send-and-wait-for-reply': {
    body: 'Hi', from: 'x', to: '', media_url: '', service: '', channel: '', attributes: '', shorten_urls: false, message_type: 'custom', content_sid: '', content_variables: [],
    timeout: '{{flow.data.t}}', save_response_as: null,
  },
  'say-play': { say: '<speak>x</speak>', play: '', digits: '', voice: 'Polly.Joanna', language: 'en-US', loop: 99 },
  'gather-input-on-call': {
    say: '', play: 'https://x', voice: 'alice', language: 'en', loop: 1, timeout: 30, stop_gather: true, finish_on_key: '#', number_of_digits: 0, gather_language: 'en',
    hints: 'a,b', profanity_filter: 'true', speech_timeout: 'auto', speech_model: 'numbers_and_commands', save_response_as: null,
  },
  'record-voicemail': {
    timeout: 5, finish_on_key: '', max_length: 14_400, transcribe: true, transcription_callback_url: '', trim: 'trim-silence', play_beep: 'true', recording_status_callback_url: '',
  },
  'record-call': {
    record_call: true, recording_status_callback: '', recording_status_callback_method: 'POST', recording_status_callback_events: 'in-progress completed absent',
    recording_channels: 'dual', trim: 'do-not-trim',
  },
  'connect-call-to': {
    noun: 'number-multi', to: '+1,+2', caller_id: '{{contact.channel.address}}', record: false, timeout: 600, time_limit: '', sip_endpoint: '', sip_username: '', sip_password: '',
  },
  'make-outgoing-call-v2': {
    from: 'x', to: 'y', record: false, recording_channels: 'mono', recording_status_callback: '', trim: 'do-not-trim', detect_answering_machine: true, machine_detection: 'Enable',
    machine_detection_timeout: '30', machine_detection_speech_threshold: '2400', machine_detection_speech_end_threshold: '1200', machine_detection_silence_timeout: '5000',
    send_digits: '1234#', timeout: 0, sip_auth_username: '', sip_auth_password: '',
  },
  'make-outgoing-call-v1': { from: 'x', to: 'y', record: true, timeout: 600 },
  'enqueue-call': { queue_name: '', workflow_sid: sid('WW'), task_attributes: '{"a":"{{x}}"}', priority: 0, timeout: 1_209_600, wait_url: '', wait_url_method: 'POST' },
  'capture-payments': {
    payment_connector: 'c', payment_token_type: 'one-time', payment_amount: '{{x}}', currency: 'usd', description: '', payment_method: 'ACH_DEBIT', security_code: true, timeout: 5,
    bank_account_type: 'CONSUMER_CHECKING', valid_card_types: ['visa', 'master-card', 'mastercard'], postal_code: 'true', min_postal_code_length: 0, max_attempts: 2,
    language: 'en-US', parameters: kv,
  },
  'fork-stream': {
    stream_action: 'start', stream_name: 'n', stream_transport_type: 'websocket', stream_url: 'wss://x', stream_connector: '', stream_track: 'both_tracks', stream_parameters: kv,
  },
  'connect-virtual-agent-v2': {
    channel: 'voice', connector_name: 'c', connector_details: { addon_sid: 'XB', installed_addon_sid: 'XE', name: 'n' }, session_behavior: 'new_session', status_callback: '',
    resume_session_identification_method: 'widget', resume_session_identification_value: '', resume_session_event_name: '', status_callback_method: 'POST', parameters: kv,
    configurations: kv, timeout: 60,
  },
  'connect-virtual-agent': { connector: 'c', language: 'en', sentiment_analysis: 'true', status_callback: '' },
  'run-conversation-relay': {
    url: 'wss://x', welcome_greeting: '', tts_provider: '', voice: '', language: 'en-US', transcription_provider: '', speech_model: '', dtmf_detection: 'true',
    interruptible: 'true', parameters: kv,
  },
  'start-conversation': {
    conversation_service_sid: sid('IS'), friendly_name: '', attributes: '{}', chat_service_sid: '', messaging_service_sid: '', timers_inactive: 'PT10M', timers_closed: 'PT1H',
    participants: [{ type: 'messaging', messaging_binding_address: 'a', messaging_binding_proxy_address: 'b' }, { type: 'chat', identity: 'i' }],
    close_conversation_on_execution_end: true,
  },
  'resume-conversation': {
    conversation_service_sid: sid('IS'), conversation_sid: sid('CH'), webhook_filters: ['onMessageAdded'], attributes: '{}', close_conversation_on_execution_end: false,
  },
  'send-to-flex': { workflow: sid('WW'), channel: sid('TC'), attributes: '{"name":"{{x}}"}', priority: '0', timeout: '3600', waitUrl: '', waitUrlMethod: 'POST' },
  'send-to-auto-pilot': {
    autopilot_assistant_sid: sid('UA'), from: '', body: 'b', timeout: 14_400, chat_channel: '', chat_service: '', chat_attributes: '', target_task: '', memory_parameters: kv,
  },
  'make-http-request': { method: 'POST', url: 'https://u:p@x/{{y}}', content_type: 'application/json;charset=utf-8', body: '{}', parameters: kv, add_twilio_auth: false },
  'run-function': { url: 'https://x/f', service_sid: 'default', environment_sid: sid('ZE'), function_sid: sid('ZH'), parameters: kv },
  'run-subflow': { flow_sid: sid('FW'), flow_revision: '12', parameters: [{ key: 'a', value: '{{trigger}}', type: 'json_object' }, { key: 'c', value: 'd' }] },
  'add-twiml-redirect': { url: 'https://x?FlowEvent=return', method: 'POST', timeout: '14400' },
};

const toRest = { event: 'incomingRequest', next: 'w_1' };

describe.each(WIDGETS.map(({ type, transitions }) => [type, transitions] as const))('%s', (type, transitions) => {
  const events = transitions.filter((event) => event !== 'match').map((event) => ({ event }));
  const flow = { ...flowOf(), states: [state('Start', 'trigger', {}, [toRest]), state('w_1', type, { offset: { x: -10, y: 200 }, ...FULL[type] }, events)], initial_state: 'Start' };

  it('takes every property that it has, and every event', () => expect(validateDefinition(flow)).toEqual({ errors: [], warnings: [] }));
});
