import { type WarningCode, WARNINGS } from '@atelier/contracts';
import { type Widget, WIDGETS } from '@atelier/widgets';
import { ExecutionSample, SUBFLOW, asking, flowOf, setting, split, state } from './execution-sample';

const started = (first: object, more: readonly object[] = [], flows: Readonly<Record<string, object>> = {}, limits = {}) => {
  const sample = new ExecutionSample({ main: flowOf('it', first, ...more), ...flows }, limits);
  sample.start();
  return sample;
};
const failing = (failure: string) => ({ ok: false, code: Number(failure), message: 'it failed' }) as const;
const calling = (type: string): object => state('it', type, { url: 'https://example.com' }, { success: '', failed: '', fail: '' });
const answering = (type: string, status: number) => {
  const sample = started(calling(type));
  sample.answered(status, '');
  return sample;
};
const unanswered = (type: string, code: string) => {
  const sample = started(calling(type));
  sample.outcome(failing(code));
  return sample;
};
const resolving = (definition: object, limits = {}) => {
  const sample = started(state('it', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: '1' }, { completed: '' }), [], { [`${SUBFLOW}/1`]: definition }, limits);
  sample.resolved(1);
  return sample;
};
const sending = (from: string): object => state('it', 'send-message', { from, body: 'x' }, { sent: '', failed: '' });
const ignoring = (happens: (sample: ExecutionSample) => unknown) => {
  const sample = started(asking('it', { timeout: '' }));
  happens(sample);
  return sample;
};

/** Everything that can raise a code while an execution runs, and what becomes of the execution. */
const CAUSES: readonly (readonly [code: WarningCode, cause: string, happened: () => ExecutionSample, ended: string | undefined])[] = [
  [81000, 'the last step that an execution may take', () => started(setting('it', {}, 'b'), [setting('b', {}, 'it')], {}, { stepsMax: 2 }), 'STEP_LIMIT'],
  [81001, 'the last run in a row', () => started(setting('it', {}, 'it'), [], {}, { runsInARowMax: 1 }), 'LOOP_LIMIT'],
  [81002, 'a message that nobody waits for', () => ignoring((sample) => sample.message('x')), undefined],
  [81002, 'an event that has no transition', () => ignoring((sample) => [sample.sent(), sample.event('return')]), undefined],
  [81005, 'a split that nothing matches', () => started(split('it', 'x', [])), 'FLOW_END'],
  [81005, 'a pattern that cannot be read', () => new ExecutionSample({ main: flowOf('it', split('it', 'x', [['regex', '(', '']], 'b'), setting('b', {})) }, {}, { regex: { matches: () => 'invalid' } }).begun(), 'FLOW_END'],
  [81005, 'a pattern that takes too long', () => new ExecutionSample({ main: flowOf('it', split('it', 'x', [['regex', 'x', '']], 'b'), setting('b', {})) }, {}, { regex: { matches: () => 'too-slow' } }).begun(), 'FLOW_END'],
  [81010, 'a Function that does not answer', () => unanswered('run-function', '81010'), 'FLOW_END'],
  [81011, 'a message that was rejected', () => { const sample = started(sending('x')); sample.outcome(failing('21610')); return sample; }, 'FLOW_END'],
  [81011, 'a question that was rejected', () => { const sample = started(asking('it', {})); sample.outcome(failing('21610')); return sample; }, 'FLOW_END'],
  [81014, 'a request that cannot be made', () => unanswered('make-http-request', '81014'), 'FLOW_END'],
  [81016, 'a request that is not answered', () => unanswered('make-http-request', '81016'), 'FLOW_END'],
  [81016, 'a request that is answered with an error', () => answering('make-http-request', 500), 'FLOW_END'],
  [81017, 'a Function that answers with an error', () => answering('run-function', 404), 'FLOW_END'],
  [81018, 'a template that cannot be read', () => started(setting('it', { a: '{{ 1 + 1 }}' })), 'FLOW_END'],
  [81018, 'a template that looks for what is not there', () => started(setting('it', { a: '{% assign list = "x" | split: "," %}{{ list[9] }}' })), 'FLOW_END'],
  [81018, 'a value that is too large', () => started(setting('it', { a: 'x'.repeat(200) }), [], {}, { valueCharactersMax: 100 }), 'FLOW_END'],
  [81020, 'a widget that is not executed yet', () => started(state('it', 'record-call', { record_call: true }, { failed: '' })), 'FLOW_END'],
  [81024, 'a subflow that is missing', () => { const sample = started(state('it', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: '1' }, {})); sample.outcome(failing('81024')); return sample; }, 'FLOW_END'],
  [81026, 'a flow that is too large with its subflows', () => resolving(flowOf('a', setting('a', {})), { widgetsMax: 3 }), 'ERROR'],
  [81027, 'a value that is no JSON', () => started(state('it', 'set-variables', { variables: [{ key: 'a', value: 'foo', type: 'json_object' }] }, { next: '' })), 'FLOW_END'],
  [81027, 'a parameter that is no JSON', () => started(state('it', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: '1', parameters: [{ key: 'a', value: 'foo', type: 'json_object' }] }, {})), undefined],
  [81027, 'a timeout that is no number', () => started(asking('it', {}, 'soon')), undefined],
];

describe('a warning', () => {
  it.each(CAUSES)('%i comes of %s, at its step, and tells why', (code, _, happened, ended) => {
    const sample = happened();
    const raised = sample.events.filter(({ type }) => type === 'WarningRaised');
    expect(raised).toEqual([{ type: 'WarningRaised', step: expect.any(Number) as number, widget: expect.stringMatching(/^(it|b)$/) as string, code, message: expect.stringMatching(/.{8}/) as string }]);
    expect([sample.ended, (raised[0] as { step: number }).step > 1]).toEqual([ended, true]);
  });

  // Those of calls, tasks and conversations come with their widgets; 81025 is one of saving.
  it('comes of something here for every code but those of widgets that are not executed', () => {
    const later = [81007, 81008, 81009, 81013, 81015, 81025];
    expect([...new Set(CAUSES.map(([code]) => code)), ...later].sort()).toEqual(Object.keys(WARNINGS).map(Number));
  });

  it('switches a pattern off that was too slow twice, for everybody who runs this revision', () => {
    let tried = 0;
    const matches = () => (tried++, 'too-slow' as const);
    const sample = new ExecutionSample({ main: flowOf('it', split('it', 'x', [['regex', 'x', '']], 'b'), setting('b', {}, 'it')) }, { stepsMax: 10 }, { regex: { matches } });
    sample.start();
    expect([tried, sample.warnings.filter((code) => code === 81005).length]).toEqual([2, 5]);
  });

  it('tells a pattern no more than the beginning of a long subject', () => {
    let length = 0;
    const matches = (_: string, subject: string) => ((length = subject.length), true);
    const sample = new ExecutionSample({ main: flowOf('it', split('it', '{{trigger.message.Body}}', [['regex', 'x', '']])) }, {}, { regex: { matches } });
    sample.start({ data: { Body: ` ${'x'.repeat(5_000)}` } });
    expect([length, sample.path.at(-1)]).toEqual([4_096, 'it -match-> Ended']);
  });
});

/** How a type that is not executed yet fails (`spec/widgets.md`, head); undefined: it ends the execution. */
const FAILS_BY: Readonly<Record<string, string | undefined>> = {
  'say-play': undefined,
  'gather-input-on-call': undefined,
  'record-voicemail': undefined,
  'record-call': 'failed',
  'connect-call-to': undefined,
  'make-outgoing-call-v2': 'failed',
  'make-outgoing-call-v1': 'failed',
  'enqueue-call': 'callFailure',
  'capture-payments': 'providerError',
  'fork-stream': undefined,
  'connect-virtual-agent-v2': 'failed',
  'connect-virtual-agent': undefined,
  'run-conversation-relay': 'failed',
  'start-conversation': 'failed',
  'resume-conversation': 'failed',
  'send-to-flex': 'callFailure',
  'send-to-auto-pilot': 'failure',
};

describe('a type that is not executed yet', () => {
  const types = (WIDGETS as readonly unknown[] as readonly Widget[]).filter(({ behaviour }) => behaviour === undefined).map(({ type }) => type);

  it('says how it fails', () => expect(Object.keys(FAILS_BY)).toEqual(types));

  it.each(Object.entries(FAILS_BY))('%s leaves by %s', (type, by) => {
    const sample = started(state('it', type, {}, by ? { [by]: 'b' } : { next: 'b', audioComplete: 'b' }), [setting('b', {})]);
    expect([sample.path.slice(1), sample.ended]).toEqual(by ? [[`it -${by}-> b`, 'b -next-> Ended'], 'FLOW_END'] : [[], 'ERROR']);
    expect(sample.events.filter((event) => event.type === 'WarningRaised')).toEqual([expect.objectContaining({ code: 81020, step: 2, widget: 'it', message: expect.stringContaining(type) as string })]);
    expect(sample.widgets).toEqual(by ? { b: {} } : {});
  });

  it.each(Object.entries(FAILS_BY).filter(([, by]) => by))('%s ends its branch where its failure leads nowhere', (type, by) => {
    const sample = started(state('it', type, {}, {}));
    expect([sample.path.at(-1), sample.ended]).toEqual([`it -${by}-> Ended`, 'FLOW_END']);
  });
});
