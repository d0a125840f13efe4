const offset = { x: 0, y: 0 };
const TRIGGERS = ['incomingMessage', 'incomingCall', 'incomingConversationMessage', 'incomingRequest', 'incomingParent'];

type State = { readonly name: string; readonly type: string; readonly properties: object; readonly transitions: readonly object[] };

/** A flow that begins with the first of these states, whatever triggers it. */
export const flowOf = (...states: readonly State[]): object => ({
  description: 'A flow of the tests',
  states: [{ name: 'Trigger', type: 'trigger', properties: { offset }, transitions: TRIGGERS.map((event) => ({ event, ...(states[0] && { next: states[0].name }) })) }, ...states],
  initial_state: 'Trigger',
  flags: { allow_concurrent_calls: true },
});

/** Sends a message; the flow ends there unless something follows. */
export const say = (name: string, body: string, next?: string): State => ({
  name,
  type: 'send-message',
  properties: { offset, from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', body },
  transitions: [{ event: 'sent', ...(next && { next }) }, { event: 'failed' }],
});

/** Asks and waits for an hour. */
export const ask = (name: string, body: string, next: string): State => ({
  name,
  type: 'send-and-wait-for-reply',
  properties: { offset, from: '{{flow.channel.address}}', body, timeout: '3600' },
  transitions: [{ event: 'incomingMessage', next }, { event: 'timeout' }, { event: 'deliveryFailure' }],
});

/** Hands a message over to another application and waits until it returns: for hours, and for no message. */
export const redirect = (url: string, next?: string): State => ({
  name: 'away',
  type: 'add-twiml-redirect',
  properties: { offset, url, method: 'POST', timeout: '14400' },
  transitions: [{ event: 'return', ...(next && { next }) }, { event: 'timeout' }, { event: 'fail' }],
});

/** Runs another flow and ends. */
export const runs = (flowSid: string): State => ({
  name: 'sub',
  type: 'run-subflow',
  properties: { offset, flow_sid: flowSid, flow_revision: 'LatestPublished', parameters: [] },
  transitions: [{ event: 'completed' }, { event: 'failed' }],
});

/** A question and thanks for its answer. */
export const conversation = (question: string, thanks: string): object => flowOf(ask('ask', question, 'thank'), say('thank', thanks));
