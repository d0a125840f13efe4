const offset = { x: 0, y: 0 };
const TRIGGERS = ['incomingMessage', 'incomingCall', 'incomingConversationMessage', 'incomingRequest', 'incomingParent'];

/** One message, and the end. */
export const greeting: object = {
  description: 'A flow of the tests',
  states: [
    { name: 'Trigger', type: 'trigger', properties: { offset }, transitions: TRIGGERS.map((event) => ({ event, next: 'greet' })) },
    {
      name: 'greet',
      type: 'send-message',
      properties: { offset, from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', body: 'hello' },
      transitions: [{ event: 'sent' }, { event: 'failed' }],
    },
  ],
  initial_state: 'Trigger',
  flags: { allow_concurrent_calls: true },
};

/** A question, and thanks for its answer. */
export const conversation = (thanks: string): object => ({
  description: 'A flow of the tests',
  states: [
    { name: 'Trigger', type: 'trigger', properties: { offset }, transitions: TRIGGERS.map((event) => ({ event, next: 'ask' })) },
    {
      name: 'ask',
      type: 'send-and-wait-for-reply',
      properties: { offset, from: '{{flow.channel.address}}', body: 'how are you?', timeout: '3600' },
      transitions: [{ event: 'incomingMessage', next: 'thank' }, { event: 'timeout' }, { event: 'deliveryFailure' }],
    },
    {
      name: 'thank',
      type: 'send-message',
      properties: { offset, from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', body: thanks },
      transitions: [{ event: 'sent' }, { event: 'failed' }],
    },
  ],
  initial_state: 'Trigger',
  flags: { allow_concurrent_calls: true },
});
