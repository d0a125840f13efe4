const offset = { x: 0, y: 0 };
const trigger = (next: string): object => ({
  name: 'Trigger',
  type: 'trigger',
  properties: { offset },
  transitions: [
    { event: 'incomingMessage', next },
    { event: 'incomingCall' },
    { event: 'incomingConversationMessage' },
    { event: 'incomingRequest', next },
    { event: 'incomingParent' },
  ],
});

const setStep = (n: number, next: string): object => ({
  name: `set_${n}`,
  type: 'set-variables',
  properties: { offset, variables: [{ key: `v${n}`, value: `{{flow.data.name}} ${n}` }] },
  transitions: [{ event: 'next', next }],
});

const splitStep = (n: number, next: string | undefined): object => ({
  name: `split_${n}`,
  type: 'split-based-on',
  properties: { offset, input: `{{flow.variables.v${n - 1}}}` },
  transitions: [
    { event: 'noMatch' },
    { event: 'match', ...(next ? { next } : {}), conditions: [{ friendly_name: 'c', arguments: [`{{flow.variables.v${n - 1}}}`], type: 'contains', value: 'ada' }] },
  ],
});

/** The trigger and ten steps, set-variables and split-based-on in turn: no effect, no wait. */
export const tenStepFlow = (): object => ({
  description: 'Ten steps without an effect',
  initial_state: 'Trigger',
  flags: { allow_concurrent_calls: true },
  states: [
    trigger('set_1'),
    ...[1, 3, 5, 7, 9].flatMap((n) => [setStep(n, `split_${n + 1}`), splitStep(n + 1, n === 9 ? undefined : `set_${n + 2}`)]),
  ],
});

/** A question, its answer, a branch, a message. */
export const askAndWaitFlow = (): object => ({
  description: 'Asks, waits, branches, answers',
  initial_state: 'Trigger',
  flags: { allow_concurrent_calls: true },
  states: [
    trigger('ask'),
    {
      name: 'ask',
      type: 'send-and-wait-for-reply',
      properties: { offset, from: '{{flow.channel.address}}', body: 'yes or no?', timeout: '3600' },
      transitions: [{ event: 'incomingMessage', next: 'check' }, { event: 'timeout' }, { event: 'deliveryFailure' }],
    },
    {
      name: 'check',
      type: 'split-based-on',
      properties: { offset, input: '{{widgets.ask.inbound.Body}}' },
      transitions: [
        { event: 'noMatch' },
        { event: 'match', next: 'thanks', conditions: [{ friendly_name: 'yes', arguments: ['{{widgets.ask.inbound.Body}}'], type: 'equal_to', value: 'yes' }] },
      ],
    },
    {
      name: 'thanks',
      type: 'send-message',
      properties: { offset, from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', body: 'Thank you' },
      transitions: [{ event: 'sent' }, { event: 'failed' }],
    },
  ],
});
