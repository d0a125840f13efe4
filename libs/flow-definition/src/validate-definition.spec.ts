import { WIDGETS } from '@atelier/widgets';
import { validateDefinition } from './index';
import { flowOf, flowWith, REQUIRED_PROPERTIES, state, trigger } from './samples';

const errorsOf = (value: unknown, options = {}) =>
  validateDefinition(value, options).errors.map(({ property_path, message }) => `${property_path} ${message}`);
const { trigger: _, ...REST } = REQUIRED_PROPERTIES;
const PROPERTIES = '#/states/1/properties';

describe('a valid definition', () => {
  it.each(Object.keys(REST).filter((type) => !type.endsWith('-conversation')))('%s needs its required properties and nothing else', (type) => {
    expect(errorsOf(flowWith(type))).toEqual([]);
  });

  it('may have $schema, and next as empty text or null', () => {
    const flow = flowOf(
      state('a', 'send-message', REQUIRED_PROPERTIES['send-message'], [
        { event: 'sent', next: '' },
        { event: 'failed', next: null },
      ]),
    );
    expect(errorsOf({ $schema: 'https://schemas.twilio.com/studio/draft/2019-09/flow-definition', ...flow })).toEqual([]);
  });

  it('needs neither description nor flags', () => {
    const { states, initial_state } = flowWith('set-variables');
    expect(errorsOf({ states, initial_state })).toEqual([]);
  });
});

describe('words of errors', () => {
  it.each<[string, unknown, string[]]>([
    ['no object', [], ['# array found, object expected']],
    ['null', null, ['# null found, object expected']],
    ['nothing in it', {}, ['#/states is missing but it is required', '#/initial_state is missing but it is required']],
    [
      'no states',
      { ...flowOf(), states: [] },
      ['#/states there must be a minimum of 1 items in the array', '#/initial_state must be the name of an existing state, found Trigger'],
    ],
    ['a state that is null', { ...flowOf(), states: [trigger(''), null] }, ['#/states/1 null found, object expected']],
    [
      'another $schema',
      { ...flowWith('set-variables'), $schema: 'x' },
      ['#/$schema must be a constant value https://schemas.twilio.com/studio/draft/2019-09/flow-definition'],
    ],
    ['flags without the flag', { ...flowWith('set-variables'), flags: {} }, ['#/flags/allow_concurrent_calls is missing but it is required']],
    [
      'a flag as text',
      { ...flowWith('set-variables'), flags: { allow_concurrent_calls: 'true' } },
      ['#/flags/allow_concurrent_calls string found, boolean expected'],
    ],
    ['an empty initial state', { ...flowWith('set-variables'), initial_state: '' }, ['#/initial_state must be at least 1 characters long']],
    ['an integer for a text', flowWith('send-and-wait-for-reply', { timeout: 3600 }), [`${PROPERTIES}/timeout integer found, string expected`]],
    ['a fraction for an integer', flowWith('say-play', { loop: 1.5 }), [`${PROPERTIES}/loop number found, integer expected`]],
    ['a text for an integer', flowWith('say-play', { loop: '1' }), [`${PROPERTIES}/loop string found, integer expected`]],
    ['a boolean for a text', flowWith('record-voicemail', { play_beep: true }), [`${PROPERTIES}/play_beep boolean found, string expected`]],
    ['a text for a boolean', flowWith('capture-payments', { security_code: 'true' }), [`${PROPERTIES}/security_code string found, boolean expected`]],
    ['an object for a list', flowWith('run-function', { parameters: {} }), [`${PROPERTIES}/parameters object found, array expected`]],
    ['a required null', flowWith('send-message', { from: null }), [`${PROPERTIES}/from must not be null`]],
    ['an optional null', flowWith('send-message', { media_url: null }), [`${PROPERTIES}/media_url null found, string expected`]],
    ['an absent property', flowOf(state('a', 'split-based-on')), [`${PROPERTIES}/input is missing but it is required`]],
    ['absent properties', flowOf({ name: 'a', type: 'set-variables', transitions: [] }), [`${PROPERTIES} is missing but it is required`]],
    ['too small', flowWith('connect-call-to', { timeout: 0 }), [`${PROPERTIES}/timeout must have a minimum value of 1`]],
    ['too large', flowWith('gather-input-on-call', { timeout: 31 }), [`${PROPERTIES}/timeout must have a maximum value of 30`]],
    ['too long', flowWith('enqueue-call', { queue_name: 'q'.repeat(65) }), [`${PROPERTIES}/queue_name may only be 64 characters long`]],
    [
      'outside a list',
      flowWith('make-http-request', { method: 'PUT' }),
      [`${PROPERTIES}/method does not have a value in the enumeration [GET, POST]`],
    ],
    ['no text where a list is', flowWith('make-http-request', { method: 1 }), [`${PROPERTIES}/method integer found, string expected`]],
    ['of another form', flowWith('say-play', { say: '', digits: 'x' }), [`${PROPERTIES}/digits does not match the regex pattern ^[0-9A-DwW#*]+$`]],
    ['a period in a name', flowOf(state('a.b', 'set-variables')), ['#/states/1/name does not match the regex pattern ^[A-Za-z][^\\s.]*$']],
    ['a templated subflow', flowWith('run-subflow', { flow_sid: '{{x}}' }), [`${PROPERTIES}/flow_sid must be a valid, non-liquid flow sid`]],
    [
      'a revision that is none',
      flowWith('run-subflow', { flow_revision: 'Latest' }),
      [`${PROPERTIES}/flow_revision does not match the regex pattern ^(LatestPublished|LatestDraft|LatestRevision|[1-9][0-9]*)$`],
    ],
    [
      'an unknown event',
      flowOf(state('a', 'run-function', REQUIRED_PROPERTIES['run-function'], [{ event: 'failed' }])),
      ['#/states/1/transitions/0/event must be a constant value success', '#/states/1/transitions/0/event must be a constant value fail'],
    ],
    [
      'the only event misspelt',
      flowOf(state('a', 'set-variables', {}, [{ event: 'Next' }])),
      ['#/states/1/transitions/0/event must be a constant value next'],
    ],
    [
      'no event',
      flowOf(state('a', 'run-function', REQUIRED_PROPERTIES['run-function'], [{}])),
      ['#/states/1/transitions/0/event is missing but it is required'],
    ],
    [
      'an event that is no text',
      flowOf(state('a', 'run-function', REQUIRED_PROPERTIES['run-function'], [{ event: 1 }])),
      ['#/states/1/transitions/0/event integer found, string expected'],
    ],
    ['a type that is no text', flowOf(state('a', 5 as unknown as string)), ['#/states/1/type integer found, string expected']],
  ])('%s', (_name, value, expected) => expect(errorsOf(value)).toEqual(expected));

  it('an unknown type lists all types, and the rest of the state is judged too', () => {
    const [first, second] = errorsOf(flowOf({ name: '1', type: 'hang-up', transitions: [], properties: {} }));
    expect(first).toBe(`#/states/1/type does not have a value in the enumeration [${WIDGETS.map(({ type }) => type).join(', ')}]`);
    expect(second).toMatch('#/states/1/name does not match the regex pattern');
  });

  it('paths escape what a pointer and a URI fragment need escaped', () => {
    const { warnings } = validateDefinition({ ...flowWith('set-variables'), 'a/b~c d#e\ud800': 1 });
    expect(warnings.map(({ property_path }) => property_path)).toEqual(['#/a~1b~0c%20d%23e%EF%BF%BD']);
  });
});

describe('all errors at once', () => {
  it('those of the schema, of conditional properties and of rules across states stand together', () => {
    const flow = flowOf(
      state('a', 'send-and-wait-for-reply', { timeout: 1, from: 2 }, [{ event: 'timeout', next: 'nowhere' }]),
      state('a', 'say-play', { loop: 0 }),
    );
    expect(errorsOf({ ...flow, initial_state: 'b', flags: {} }).sort()).toEqual([
      '#/flags/allow_concurrent_calls is missing but it is required',
      '#/initial_state must be the name of an existing state, found b',
      '#/states/1/properties/body is missing but it is required',
      '#/states/1/properties/from integer found, string expected',
      '#/states/1/properties/timeout integer found, string expected',
      '#/states/1/transitions/0/next must be the name of an existing state, found nowhere',
      '#/states/2/name must be unique, but another state is named a too',
      '#/states/2/properties/digits is missing but it is required',
      '#/states/2/properties/loop must have a minimum value of 1',
      '#/states/2/properties/play is missing but it is required',
      '#/states/2/properties/say is missing but it is required',
    ]);
  });

  it('more than the cap are counted in a last one', () => {
    const errors = errorsOf(flowOf(...Array.from({ length: 30 }, (_, i) => state(`s${i}`, 'split-based-on'))), { problemsMax: 10 });
    expect(errors).toHaveLength(11);
    expect(errors[10]).toBe('# and 20 more');
  });
});

describe('properties that depend on others', () => {
  it.each<[string, string, Record<string, unknown>, string[]]>([
    ['a content template needs its SID and no body', 'send-message', { message_type: 'content_template', body: undefined }, ['content_sid']],
    ['a content template with its SID is enough', 'send-message', { message_type: 'content_template', content_sid: 'HX', body: undefined }, []],
    ['a message of one’s own needs a body', 'send-message', { message_type: 'custom', body: undefined }, ['body']],
    ['so does one that waits', 'send-and-wait-for-reply', { body: undefined }, ['body']],
    ['a choice that nobody made is absent', 'record-voicemail', { trim: '', play_beep: '' }, []],
    ['an empty say beside play is absent', 'say-play', { say: '', play: 'https://example.com/a.mp3' }, []],
    ['sip needs an end point instead of a number', 'connect-call-to', { noun: 'sip', to: undefined }, ['sip_endpoint']],
    ['a client needs an identity', 'connect-call-to', { noun: 'client', to: undefined }, ['to']],
    ['an empty queue is no queue', 'enqueue-call', { queue_name: '' }, ['queue_name', 'workflow_sid']],
    ['a workflow is as good as a queue', 'enqueue-call', { queue_name: undefined, workflow_sid: 'WW' }, []],
    ['starting a stream needs its kind and track', 'fork-stream', { stream_action: 'start' }, ['stream_transport_type', 'stream_track']],
    ['a websocket needs its address', 'fork-stream', { stream_transport_type: 'websocket' }, ['stream_url']],
    ['siprec takes the connector under either name', 'fork-stream', { stream_transport_type: 'siprec', stream_connector_name: 'c' }, []],
    ['siprec needs a connector', 'fork-stream', { stream_transport_type: 'siprec' }, ['stream_connector']],
    ['conversations need no connector', 'connect-virtual-agent-v2', { channel: 'conversations', connector_name: undefined }, []],
    ['voice needs a connector', 'connect-virtual-agent-v2', { channel: 'voice', connector_name: undefined }, ['connector_name']],
  ])('%s', (_name, type, properties, missing) =>
    expect(errorsOf(JSON.parse(JSON.stringify(flowWith(type, properties))))).toEqual(
      missing.map((key) => `${PROPERTIES}/${key} is missing but it is required`),
    ),
  );

  it('say and play together are one too many', () =>
    expect(errorsOf(flowWith('gather-input-on-call', { say: 'Hi' }))).toEqual([
      `${PROPERTIES} must be valid to one and only one of say, play, but 2 are given`,
    ]));

  it.each([
    ['record-voicemail', { trim: 'no' }, 'trim does not have a value in the enumeration [trim-silence, do-not-trim]'],
    ['make-outgoing-call-v2', { send_digits: '1'.repeat(33) }, 'send_digits may only be 32 characters long'],
    ['send-to-flex', { attributes: 'a'.repeat(1025) }, 'attributes may only be 1024 characters long'],
  ])('%s: a literal is checked, a template is left to its rendering', (type, properties, message) => {
    const templated = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, `${value}{{x}}`]));
    expect(errorsOf(flowWith(type, properties))).toEqual([`${PROPERTIES}/${message}`]);
    expect(errorsOf(flowWith(type, templated))).toEqual([]);
  });
});

describe('rules across states', () => {
  const subflow = (i: number, sid: string, revision = 'LatestPublished') => state(`s${i}`, 'run-subflow', { flow_sid: sid, flow_revision: revision });
  const sid = (i: number) => `FW${String(i).padStart(32, '0')}`;
  const needsRest = { ...state('c', 'start-conversation', REQUIRED_PROPERTIES['start-conversation']) };

  it('a widget that needs REST is refused where a message leads to it', () =>
    expect(errorsOf(flowOf(needsRest))).toEqual(['#/states/1/type start-conversation can only be used in flows triggered by the REST API']));

  it('a widget that needs REST is accepted where only REST leads to it', () => {
    const restOnly = state('Trigger', 'trigger', {}, [{ event: 'incomingMessage' }, { event: 'incomingRequest', next: 'c' }]);
    expect(errorsOf({ ...flowOf(), states: [restOnly, needsRest] })).toEqual([]);
  });

  it('at most 150 run-subflow widgets', () => {
    const many = (n: number) => flowOf(...Array.from({ length: n }, (_, i) => subflow(i, sid(0))));
    expect(errorsOf(many(150))).toEqual([]);
    expect(errorsOf(many(151))).toEqual(['#/states there must be a maximum of 150 run-subflow widgets in the flow']);
  });

  it('at most 50 distinct subflows', () => {
    const many = (n: number) => flowOf(...Array.from({ length: n }, (_, i) => subflow(i, sid(i))));
    expect(errorsOf(many(50))).toEqual([]);
    expect(errorsOf(many(51))).toEqual(['#/states there must be a maximum of 50 distinct subflows in the flow']);
  });

  it('one revision of each subflow', () =>
    expect(errorsOf(flowOf(subflow(0, sid(0), '3'), subflow(1, sid(1), '4'), subflow(2, sid(0), '4')))).toEqual([
      `#/states/3/properties/flow_revision must be the same revision of ${sid(0)} everywhere in the flow, found 3 and 4`,
    ]));

  it('at most as many widgets as the limit says', () => {
    const flow = flowOf(state('a', 'set-variables'), state('b', 'set-variables'));
    expect(errorsOf(flow, { widgetsMax: 3 })).toEqual([]);
    expect(errorsOf(flow, { widgetsMax: 2 })).toEqual(['#/states there must be a maximum of 2 items in the array']);
  });

  it('more widgets than the limit together with all instances of subflows are a warning', () => {
    const flow = flowOf(subflow(0, sid(0)), subflow(1, sid(0)));
    const codes = (widgets: number) =>
      validateDefinition(flow, { widgetsMax: 103, widgetsOf: (s) => (s === sid(0) ? widgets : undefined) }).warnings.map(({ code }) => code);
    expect(codes(50)).not.toContain('81025');
    expect(codes(51)).toContain('81025');
  });
});
