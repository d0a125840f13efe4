import { Rejection } from '@atelier/contracts';
import { importDefinition, parseDefinition, validateDefinition } from './index';
import { flowOf, flowWith, state } from './samples';

/** By the type of the older format: today's type, properties as exports of that time have them, and an event. */
const LEGACY_PROPERTIES: Readonly<Record<string, readonly [today: string, properties: object, event: string]>> = {
  Branch: ['split-based-on', { input: '{{x}}' }, 'noMatch'],
  SetVariables: ['set-variables', { variables: [{ key: 'a', value: 'b', index: '0' }] }, 'next'],
  Message: ['send-message', { body: 'x', from: 'y', to: null, media_url: null, attributes: null, channel: null, service: null }, 'sent'],
  MessagePrompt: ['send-and-wait-for-reply', { body: 'x', from: 'y', timeout: 3600, save_response_as: null }, 'incomingMessage'],
  Function: ['run-function', { url: 'https://x', parameters: null }, 'success'],
  Gather: ['gather-input-on-call', { say: 'x', play: null, timeout: 5, loop: 1, number_of_digits: null, save_response_as: null }, 'speech'],
  SayPlay: ['say-play', { say: 'x', play: null, loop: 1 }, 'audioComplete'],
  Record: ['record-voicemail', { timeout: 5, max_length: 3600, transcribe: false, finish_on_key: null }, 'recordingComplete'],
  ConnectCaller: ['connect-call-to', { noun: 'number', to: '+1', record: false, timeout: 30, sip_endpoint: null }, 'callCompleted'],
  EnqueueCall: ['enqueue-call', { queue_name: null, workflow_sid: 'WW1', priority: null }, 'callComplete'],
  SendToFlex: ['send-to-flex', { workflow: 'WW1', channel: 'TC1', attributes: '{}', priority: null, waitUrl: null }, 'callComplete'],
  OutgoingCall: ['make-outgoing-call-v1', { from: 'x', to: 'y', record: false, timeout: 60 }, 'answered'],
  HttpRequest: ['make-http-request', { url: 'https://x', method: 'POST', content_type: 'application/json', body: '{}', parameters: null }, 'success'],
  Webhook: ['make-http-request', { url: 'https://x', method: 'GET' }, 'success'],
  TwimlRedirect: ['add-twiml-redirect', { url: 'https://x', method: 'POST', timeout: 14400 }, 'return'],
  SendToAutopilot: ['send-to-auto-pilot', { autopilot_assistant_sid: 'UA1', body: 'b', timeout: 14400, from: null }, 'sessionEnded'],
};

const rejectionOf = (act: () => unknown): Rejection | undefined => {
  try {
    act();
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
  return undefined;
};

describe('reading a definition', () => {
  it('keeps the text as it came', () => {
    const text = '{ "states" : [1.0, 1e2] }';
    expect(parseDefinition(text)).toEqual({ text, value: { states: [1, 100] } });
  });

  it.each([
    ['no JSON', '{"states":', 'is not valid JSON'],
    ['an empty text', '', 'is not valid JSON'],
    ['more than a mebibyte', `"${'a'.repeat(1_048_576)}"`, 'is larger than 1048576 bytes'],
    ['more bytes than characters', `"${'ä'.repeat(524_288)}"`, 'is larger than 1048576 bytes'],
    ['65 levels', '['.repeat(65) + ']'.repeat(65), 'is nested deeper than 64 levels'],
    ['half a million levels', '{"a":'.repeat(200_000), 'is nested deeper than 64 levels'],
  ])('refuses %s', (_name, text, why) => {
    const rejection = rejectionOf(() => parseDefinition(text));
    expect(rejection?.name).toBe('InvalidParameter');
    expect(rejection?.message).toContain(`Definition ${why}`);
  });

  it('counts no brackets in strings, escaped quotes included', () => {
    expect(rejectionOf(() => parseDefinition(JSON.stringify([`${'['.repeat(100)}"${'{'.repeat(100)}\\`])))).toBeUndefined();
  });

  it('takes other limits', () => {
    expect(rejectionOf(() => parseDefinition('[[1]]', { depthMax: 1 }))?.message).toContain('deeper than 1');
    expect(rejectionOf(() => parseDefinition('[1]', { definitionBytesMax: 2 }))?.message).toContain('larger than 2');
  });
});

describe('an import', () => {
  const wrong = (properties: Record<string, unknown>) => JSON.stringify(flowWith('gather-input-on-call', { ...properties }), null, 2);

  it('changes nothing but the values that it coerces', () => {
    const text = wrong({ timeout: '5', stop_gather: 'true', hints: 12, speech_model: null });
    const { definition, errors, converted } = importDefinition(text);
    expect(errors).toEqual([]);
    expect(definition).toBe(wrong({ timeout: 5, stop_gather: true, hints: '12' }));
    expect(converted).toEqual([
      { property_path: '#/states/1/properties/timeout', message: 'was "5", became 5', code: 'coerced' },
      { property_path: '#/states/1/properties/stop_gather', message: 'was "true", became true', code: 'coerced' },
      { property_path: '#/states/1/properties/hints', message: 'was 12, became "12"', code: 'coerced' },
      { property_path: '#/states/1/properties/speech_model', message: 'was null and was left out', code: 'coerced' },
    ]);
  });

  it('coerces nothing when told not to, and keeps the flow as an invalid draft', () => {
    const text = wrong({ timeout: '5' });
    expect(importDefinition(text, { coerce: false })).toMatchObject({
      definition: text,
      converted: [],
      refused: false,
      errors: [{ message: 'string found, integer expected' }],
    });
  });

  it.each([{ timeout: 'five' }, { timeout: '05' }, { stop_gather: 'yes' }, { hints: {} }])('does not guess: %j', (properties) => {
    const text = wrong(properties);
    expect(importDefinition(text)).toMatchObject({ definition: text, converted: [], refused: false, errors: [{}] });
  });

  it('coerces what conditions compare with, flags and unused nulls at the top, but nothing that the graph is made of', () => {
    const condition = { friendly_name: 'f', arguments: ['{{x}}'], type: 'equal_to', value: 1 };
    const split = state('a', 'split-based-on', { input: '{{x}}' }, [{ event: 'noMatch' }, { event: 'match', conditions: [condition] }]);
    const { errors, converted } = importDefinition(JSON.stringify({ ...flowOf(split), description: null, flags: { allow_concurrent_calls: 'true' } }));
    expect(errors).toEqual([]);
    expect(converted.map(({ property_path }) => property_path).sort()).toEqual([
      '#/description',
      '#/flags/allow_concurrent_calls',
      '#/states/1/transitions/1/conditions/0/value',
    ]);
    expect(importDefinition(JSON.stringify(flowOf({ ...state('a', 'set-variables'), name: 7 }))).converted).toEqual([]);
  });

  it('takes a file that begins with a byte order mark', () => {
    const text = JSON.stringify(flowWith('set-variables'));
    expect(importDefinition(`\uFEFF${text}`)).toMatchObject({ definition: text, errors: [], refused: false });
  });

  it('leaves keys in their order, numbers in their spelling and of two equal keys both', () => {
    const text =
      '{"z":1.0,"states":[{"name":"a","type":"send-and-wait-for-reply","transitions":[],"properties":{"2":1e2,"1":[],"body":"","from":"","timeout":1,"timeout":60}}],"initial_state":"a"}';
    expect(importDefinition(text).definition).toBe(text.replaceAll('"timeout":1', '"timeout":"60"').replaceAll('"timeout":60', '"timeout":"60"'));
  });

  it('completes conditions: the input is what they test', () => {
    const split = (...conditions: object[]) =>
      JSON.stringify(flowOf(state('a', 'split-based-on', { input: '{{x}}' }, [{ event: 'noMatch' }, { event: 'match', conditions }])));
    const { definition, errors, converted } = importDefinition(split({ type: 'is_blank' }, { value: 'v', type: 'equal_to', arguments: ['{{x}}'] }));
    expect(errors).toEqual([]);
    expect(definition).toBe(
      split(
        { type: 'is_blank', friendly_name: '', arguments: ['{{x}}'], value: '' },
        { value: 'v', type: 'equal_to', arguments: ['{{x}}'], friendly_name: '' },
      ),
    );
    expect(converted.map(({ property_path, code }) => `${code} ${property_path}`)).toEqual([
      'completed #/states/1/transitions/1/conditions/0',
      'completed #/states/1/transitions/1/conditions/1',
    ]);
  });

  it('ends dangling branches when told to', () => {
    const dangling = (next: object) => JSON.stringify(flowOf(state('a', 'set-variables', {}, [{ event: 'next', ...next }])));
    expect(importDefinition(dangling({ next: 'nowhere' }), { danglingNext: 'end' })).toMatchObject({
      definition: dangling({}),
      errors: [],
      refused: false,
    });
    expect(importDefinition(dangling({ next: 'nowhere' })).errors).toMatchObject([{ code: 'dangling-next' }]);
  });

  it.each([
    ['an unknown type', flowOf(state('a', 'hang-up'))],
    ['an unknown event', flowOf(state('a', 'set-variables', {}, [{ event: 'sent' }]))],
    ['a name twice', flowOf(state('a', 'set-variables'), state('a', 'set-variables'))],
    ['no properties', flowOf({ name: 'a', type: 'set-variables', transitions: [] })],
    ['no initial state', { ...flowWith('set-variables'), initial_state: 'x' }],
    ['an unknown condition', flowOf(state('a', 'split-based-on', { input: '' }, [{ event: 'match', conditions: [{ value: '' }] }]))],
    ['no flow', 'hello'],
  ])('refuses %s', (_name, value) => {
    const { refused, errors } = importDefinition(JSON.stringify(value), { danglingNext: 'end' });
    expect({ refused, faulty: errors.length > 0 }).toEqual({ refused: true, faulty: true });
  });

  it('converts the older format: names for SIDs, no nulls, no empty conditions, strings where numbers were', () => {
    const old = {
      description: 'Old',
      states: [
        {
          sid: 'FF1',
          name: 'Start',
          type: 'InitialState',
          properties: { offset: { x: 0, y: 0 }, flow_url: 'https://x' },
          transitions: [
            { event: 'incomingMessage', conditions: [], next: 'FF2', uuid: 'u' },
            { event: 'incomingCall', conditions: [], next: null, uuid: 'v' },
          ],
        },
        {
          sid: 'FF2',
          name: 'ask',
          type: 'MessagePrompt',
          properties: { body: 'Hi', from: '{{flow.channel.address}}', timeout: 60, media_url: null },
          transitions: [],
        },
      ],
    };
    const { definition, errors, converted } = importDefinition(JSON.stringify(old), { coerce: false });
    expect(errors).toEqual([]);
    expect(JSON.parse(definition)).toEqual({
      description: 'Old',
      states: [
        {
          name: 'Start',
          type: 'trigger',
          properties: { offset: { x: 0, y: 0 } },
          transitions: [{ event: 'incomingMessage', next: 'ask' }, { event: 'incomingCall' }],
        },
        {
          name: 'ask',
          type: 'send-and-wait-for-reply',
          properties: { body: 'Hi', from: '{{flow.channel.address}}', timeout: '60' },
          transitions: [],
        },
      ],
      initial_state: 'Start',
      flags: { allow_concurrent_calls: false },
    });
    expect(Object.keys(JSON.parse(definition))).toEqual(['description', 'states', 'initial_state', 'flags']);
    expect(converted.map(({ code }) => code)).toEqual(['converted', 'coerced']);
  });

  it.each(Object.entries(LEGACY_PROPERTIES))('converts the older type %s', (type, [today, properties, event]) => {
    const start = { sid: 'FF1', name: 'Start', type: 'InitialState', properties: {}, transitions: [{ event: 'incomingCall', conditions: [], next: 'FF2', uuid: 'u' }] };
    const widget = { sid: 'FF2', name: 'w', type, properties, transitions: [{ event, conditions: [], next: null, uuid: 'v' }] };
    const { definition, errors } = importDefinition(JSON.stringify({ description: 'Old', states: [start, widget] }));
    expect(errors).toEqual([]);
    expect((JSON.parse(definition) as { states: object[] }).states[1]).toMatchObject({ name: 'w', type: today, transitions: [{ event }] });
  });

  it('the result of an import is imported again without a change', () => {
    const once = importDefinition(wrong({ timeout: '5', hints: 1 })).definition;
    expect(importDefinition(once)).toMatchObject({ definition: once, converted: [] });
    expect(validateDefinition(JSON.parse(once)).errors).toEqual([]);
  });
});
