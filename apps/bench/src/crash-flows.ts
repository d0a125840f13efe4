const offset = { x: 0, y: 0 };

/** A look-up over HTTP (GET, so that it may be attempted again), a branch on its answer, a message. */
export const lookUpFlow = (url: string): object => ({
  description: 'Looks up, branches, tells',
  initial_state: 'Trigger',
  flags: { allow_concurrent_calls: true },
  states: [
    {
      name: 'Trigger',
      type: 'trigger',
      properties: { offset },
      transitions: [{ event: 'incomingMessage', next: 'look_up' }, { event: 'incomingCall' }, { event: 'incomingRequest', next: 'look_up' }],
    },
    {
      name: 'look_up',
      type: 'make-http-request',
      properties: { offset, method: 'GET', url, parameters: [{ key: 'name', value: '{{flow.data.name}}' }] },
      transitions: [{ event: 'success', next: 'set' }, { event: 'failed' }],
    },
    {
      name: 'set',
      type: 'set-variables',
      properties: { offset, variables: [{ key: 'color', value: '{{widgets.look_up.parsed.color}}' }] },
      transitions: [{ event: 'next', next: 'check' }],
    },
    {
      name: 'check',
      type: 'split-based-on',
      properties: { offset, input: '{{flow.variables.color}}' },
      transitions: [
        { event: 'noMatch' },
        { event: 'match', next: 'tell', conditions: [{ friendly_name: 'blue', arguments: ['{{flow.variables.color}}'], type: 'equal_to', value: 'blue' }] },
      ],
    },
    {
      name: 'tell',
      type: 'send-message',
      properties: { offset, from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', body: 'It is {{flow.variables.color}}.' },
      transitions: [{ event: 'sent' }, { event: 'failed' }],
    },
  ],
});
