/** Definitions for specs. */
type Sample = Record<string, unknown>;

/** A state with every transition ended, except those given. */
export const state = (name: string, type: string, properties: Sample = {}, transitions: readonly Sample[] = []): Sample => ({
  name,
  type,
  properties,
  transitions,
});

/** The trigger of a flow that is started by messages and over REST. */
export const trigger = (next: string): Sample =>
  state('Trigger', 'trigger', {}, [
    { event: 'incomingMessage', next },
    { event: 'incomingCall' },
    { event: 'incomingConversationMessage' },
    { event: 'incomingRequest', next },
    { event: 'incomingParent' },
  ]);

/** A flow of a trigger that leads to the first of these states. */
export const flowOf = (...states: readonly Sample[]): Sample => ({
  description: 'A New Flow',
  states: [trigger(String(states[0]?.['name'])), ...states],
  initial_state: 'Trigger',
  flags: { allow_concurrent_calls: true },
});

/** Properties that every type accepts; those that `spec/widgets.md` requires and nothing else. */
export const REQUIRED_PROPERTIES: Readonly<Record<string, Sample>> = {
  trigger: {},
  'split-based-on': { input: '{{trigger.message.Body}}' },
  'set-variables': {},
  'send-message': { body: 'Hi', from: '{{flow.channel.address}}' },
  'send-and-wait-for-reply': { body: 'Hi', from: '{{flow.channel.address}}', timeout: '3600' },
  'say-play': { say: 'Hi' },
  'gather-input-on-call': { play: 'https://example.com/a.mp3' },
  'record-voicemail': {},
  'record-call': { record_call: true },
  'connect-call-to': { noun: 'number', to: '+15551230001' },
  'make-outgoing-call-v2': { from: '{{flow.channel.address}}', to: '{{contact.channel.address}}' },
  'make-outgoing-call-v1': { from: '{{flow.channel.address}}', to: '{{contact.channel.address}}' },
  'enqueue-call': { queue_name: 'support' },
  'capture-payments': {},
  'fork-stream': { stream_action: 'stop' },
  'connect-virtual-agent-v2': { connector_name: 'agent' },
  'connect-virtual-agent': { connector: 'agent' },
  'run-conversation-relay': { url: 'wss://example.com' },
  'start-conversation': { conversation_service_sid: `IS${'0'.repeat(32)}`, participants: [{ type: 'chat', identity: 'ada' }] },
  'resume-conversation': { conversation_service_sid: `IS${'0'.repeat(32)}`, conversation_sid: `CH${'0'.repeat(32)}` },
  'send-to-flex': { workflow: `WW${'0'.repeat(32)}`, channel: `TC${'0'.repeat(32)}` },
  'send-to-auto-pilot': { autopilot_assistant_sid: `UA${'0'.repeat(32)}`, body: 'Hi', timeout: 14_400 },
  'make-http-request': { url: 'https://example.com' },
  'run-function': { url: 'https://example.com/f' },
  'run-subflow': { flow_sid: `FW${'0'.repeat(32)}`, flow_revision: 'LatestPublished' },
  'add-twiml-redirect': { url: 'https://example.com/twiml' },
};

/** A flow whose second state has this type and these properties beside the required ones. */
export const flowWith = (type: string, properties: Sample = {}): Sample => {
  const { [type]: required } = REQUIRED_PROPERTIES;
  return flowOf(state('widget', type, { ...required, ...properties }));
};
