import { WIDGETS } from '@atelier/widgets';
import Ajv from 'ajv/dist/2020';
import { definitionJsonSchema, validateDefinition, widgetSchemas } from './index';
import { flowOf, flowWith, REQUIRED_PROPERTIES, state } from './samples';

const ajv = new Ajv({ allErrors: true, strict: false });
const valid = ajv.compile(definitionJsonSchema());
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const ours = (value: unknown): boolean => validateDefinition(value).errors.every(({ code }) => code === 'rest-only');

describe('the published JSON Schemas', () => {
  it('there is one for each widget type', () => expect(Object.keys(widgetSchemas())).toEqual(WIDGETS.map(({ type }) => type)));

  it('name their widget', () => expect(widgetSchemas()['say-play']).toMatchObject({ title: 'Say/Play', type: 'object' }));

  it.each(Object.keys(REQUIRED_PROPERTIES))('%s: what we accept it accepts', (type) => {
    const { [type]: schema = {} } = widgetSchemas();
    const sample = state('a', type, REQUIRED_PROPERTIES[type]);
    expect(ours(flowWith(type))).toBe(true);
    expect(ajv.compile(schema)(sample)).toBe(true);
  });

  // Every required property of every type, left out and as null, and a wrong type for each.
  const faults = Object.entries(REQUIRED_PROPERTIES).flatMap(([type, properties]) =>
    Object.keys(properties).flatMap((key) => [undefined, null, [], {}].map((value) => [type, { [key]: value }] as const)),
  );
  it.each([
    ...faults,
    ['say-play', { play: 'p' }],
    ['say-play', { say: '' }],
    ['say-play', { say: '', digits: 'x' }],
    ['say-play', { loop: 100 }],
    ['gather-input-on-call', { number_of_digits: 31 }],
    ['send-message', { message_type: 'content_template' }],
    ['send-message', { message_type: 'other' }],
    ['connect-call-to', { noun: 'sip' }],
    ['enqueue-call', { queue_name: '' }],
    ['enqueue-call', { queue_name: 'q'.repeat(65) }],
    ['fork-stream', { stream_action: 'start' }],
    ['fork-stream', { stream_transport_type: 'websocket' }],
    ['fork-stream', { stream_transport_type: 'siprec' }],
    ['run-subflow', { flow_sid: '{{x}}' }],
    ['run-subflow', { flow_revision: '0' }],
    ['start-conversation', { participants: [{ type: 'chat' }] }],
    ['start-conversation', { participants: [{ type: 'sms', messaging_binding_address: 'a' }] }],
    ['record-voicemail', { trim: 'no' }],
    ['send-to-flex', { attributes: 'a'.repeat(1025) }],
    ['capture-payments', { valid_card_types: ['gold'] }],
    ['set-variables', { variables: [{ key: 'k', value: 1 }] }],
    ['run-function', { url: '' }],
  ] as const)('%s with %j: what we refuse it refuses', (type, properties) => {
    const flow = json(flowWith(type, properties));
    expect({ ours: ours(flow), theirs: valid(flow) }).toEqual({ ours: false, theirs: false });
  });

  it.each([
    ['an unknown type', flowOf(state('a', 'hang-up'))],
    ['an unknown event', flowOf(state('a', 'set-variables', {}, [{ event: 'sent' }]))],
    ['a next that is no text', flowOf(state('a', 'set-variables', {}, [{ event: 'next', next: 1 }]))],
    ['a bad name', flowOf(state('1a', 'set-variables'))],
    ['no flags in flags', { ...flowOf(state('a', 'set-variables')), flags: {} }],
    [
      'an unknown condition',
      flowOf(
        state('a', 'split-based-on', { input: '' }, [{ event: 'match', conditions: [{ type: 'x', value: '', friendly_name: '', arguments: [] }] }]),
      ),
    ],
  ])('%s: both refuse it', (_name, flow) => expect({ ours: ours(flow), theirs: valid(flow) }).toEqual({ ours: false, theirs: false }));

  it.each([
    ['a template where a value out of a list stands', flowWith('record-voicemail', { trim: '{{x}}' })],
    ['an empty say beside play', flowWith('say-play', { say: '', play: 'p' })],
    ['unknown properties', { ...flowWith('set-variables', { old: [null] }), more: {} }],
  ])('%s: both accept it', (_name, flow) => expect({ ours: ours(flow), theirs: valid(flow) }).toEqual({ ours: true, theirs: true }));
});
