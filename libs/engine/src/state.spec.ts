import type { ExecutionInput } from './execution';
import { ExecutionSample, SUBFLOW, asking, flowOf, setting, split, state } from './execution-sample';

const sub = flowOf('ask', asking('ask', { incomingMessage: 'set', timeout: 'set' }), setting('set', { reply: '{{widgets.ask.inbound.Body}}' }));
const main = flowOf(
  'a',
  setting('a', { n: '{{flow.variables.n | plus: 1}}' }, 'get'),
  state('get', 'make-http-request', { url: 'https://example.com' }, { success: 'sub', failed: 'sub' }),
  state('sub', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: 'LatestPublished', parameters: [{ key: 'n', value: '{{flow.variables.n}}' }] }, { completed: 'check', failed: 'check' }),
  split('check', '{{widgets.sub.reply}}', [['equal_to', 'again', 'a']], 'away'),
  state('away', 'add-twiml-redirect', { url: '/x', timeout: '0' }, { return: '' }),
);

/** A long life, one input after the other. */
const lived = (sprintStepsMax: number, seen: (sample: ExecutionSample) => void): ExecutionSample => {
  const sample = new ExecutionSample({ main, [`${SUBFLOW}/1`]: sub }, { sprintStepsMax });
  const then = (act: () => unknown): void => {
    act();
    seen(sample);
    while (sample.stop?.kind === 'bounded') {
      sample.take({ type: 'Continue' });
      seen(sample);
    }
  };
  then(() => sample.start());
  then(() => sample.answered(200, '{"a":{"b":1}}'));
  then(() => sample.resolved(1));
  then(() => sample.message('again')); // before the answer of the send: kept
  then(() => sample.status(sample.open.step, 'SM1', 'sent'));
  then(() => sample.sent('SM1'));
  then(() => sample.outcome({ ok: false, code: 81016, message: 'down' }));
  then(() => sample.sent('SM2'));
  then(() => sample.message('enough'));
  then(() => sample.message('ignored'));
  then(() => sample.event('return', { x: '1' }));
  return sample;
};

describe.each([100, 1])('an execution in sprints of at most %i steps', (sprintStepsMax) => {
  it('is the fold of its log, and comes back from a snapshot, after every sprint', () => {
    const sample = lived(sprintStepsMax, ({ states: [state, folded, restored] }) => expect([folded, restored]).toEqual([state, state]));
    expect([sample.ended, sample.warnings]).toEqual(['FLOW_END', [81016, 81002]]);
  });

  it('ends the same however long its sprints are', () => {
    const [sample, other] = [sprintStepsMax, 7].map((each) => lived(each, () => undefined));
    expect([sample?.path, sample?.context]).toEqual([other?.path, other?.context]);
  });

  it('is not changed by a decision, and decides the same again', () => {
    const inputs: readonly ExecutionInput[] = [
      { type: 'Message', parameters: { Body: 'x' } },
      { type: 'FlowEvent', event: 'return', parameters: { x: '1' } },
      { type: 'MessageStatus', messageSid: 'SM1', status: 'failed', step: 7, parameters: {} },
      ...[2, 3, 4, 5, 6, 7].flatMap((step): readonly ExecutionInput[] => [{ type: 'EffectOutcome', step, outcome: { ok: false, code: 81011, message: 'x' } }, { type: 'Timer', step }]),
      { type: 'Continue' },
      { type: 'End', reason: 'API_REQUEST' },
      { type: 'Delete' },
    ];
    lived(sprintStepsMax, (sample) => {
      const [before] = sample.states;
      for (const input of inputs) expect(sample.decide(input)).toEqual(sample.decide(input));
      expect(sample.states[0]).toEqual(before);
    });
  });
});

describe('an input that is late', () => {
  it('for a step that is over decides nothing', () => {
    const sample = new ExecutionSample({ main: flowOf('ask', asking('ask', { incomingMessage: 'b' }), asking('b', { incomingMessage: '' })) });
    sample.start();
    sample.sent();
    const passed: readonly ExecutionInput[] = [{ type: 'EffectOutcome', step: 2, outcome: { ok: true, payload: {} } }, { type: 'Timer', step: 1 }, { type: 'Continue' }];
    expect(passed.map((input) => sample.take(input))).toEqual([[], [], []]);
    sample.message('on');
    expect([sample.take({ type: 'Timer', step: 2 }), sample.take({ type: 'EffectOutcome', step: 2, outcome: { ok: true, payload: {} } })]).toEqual([[], []]);
    expect(sample.stop).toMatchObject({ kind: 'effect', step: 3 });
  });

  it('for an execution that has ended, or has not begun, decides nothing', () => {
    const sample = new ExecutionSample({ main: flowOf('a', setting('a', {})) });
    const all: readonly ExecutionInput[] = [{ type: 'Message', parameters: {} }, { type: 'FlowEvent', event: 'return', parameters: {} }, { type: 'Timer', step: 2 }, { type: 'Continue' }, { type: 'End', reason: 'API_REQUEST' }, { type: 'Delete' }];
    expect(all.flatMap((input) => sample.take(input))).toEqual([]);
    sample.start();
    expect(all.flatMap((input) => sample.take(input))).toEqual([]);
  });
});
