const offset = { x: 0, y: 0 };
const TRIGGERS = ['incomingMessage', 'incomingCall', 'incomingConversationMessage', 'incomingRequest', 'incomingParent'];

type State = { readonly name: string; readonly type: string; readonly properties: object; readonly transitions: readonly object[] };

/** A flow of these states; every trigger leads to the first. */
export const flowOf = (...states: readonly State[]): object => ({
  description: 'A flow of the tests',
  states: [{ name: 'Trigger', type: 'trigger', properties: { offset }, transitions: TRIGGERS.map((event) => ({ event, ...(states[0] && { next: states[0].name }) })) }, ...states],
  initial_state: 'Trigger',
  flags: { allow_concurrent_calls: true },
});

/** A message to the contact. */
export const say = (name: string, body: string): State => ({
  name,
  type: 'send-message',
  properties: { offset, from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', body },
  transitions: [{ event: 'sent' }, { event: 'failed' }],
});

/** A question to the contact, and where its answer leads. */
export const ask = (name: string, body: string, next: string): State => ({
  name,
  type: 'send-and-wait-for-reply',
  properties: { offset, from: '{{flow.channel.address}}', body, timeout: '3600' },
  transitions: [{ event: 'incomingMessage', next }, { event: 'timeout' }, { event: 'deliveryFailure' }],
});

/** One message, and the end. */
export const greeting = flowOf(say('greet', 'hello'));

/** A question, and thanks for its answer. */
export const conversation = (thanks: string): object => flowOf(ask('ask', 'how are you?', 'thank'), say('thank', thanks));
