import { ExecutionSample, SUBFLOW, asking, flowOf, setting, state } from './execution-sample';

const get = (next = '') => state('get', 'make-http-request', { url: 'https://example.com', method: 'GET' }, { success: next });
const loop = flowOf('a', setting('a', {}, 'b'), setting('b', {}, 'a'));
const DAY = 86_400;

describe('runs of one widget in a row', () => {
  it('are ten, not eleven', () => {
    const sample = new ExecutionSample({ main: flowOf('count', setting('count', { n: '{{flow.variables.n | plus: 1}}' }, 'count')) });
    sample.start();
    expect([sample.ended, sample.path.length, sample.warnings, sample.variables]).toEqual(['LOOP_LIMIT', 11, [81001], { n: 10 }]);
    expect(sample.path.at(-1)).toBe('count -next-> count');
  });

  it('are ten for a widget that waits, too', () => {
    const sample = new ExecutionSample({ main: flowOf('ask', asking('ask', { timeout: 'ask' })) });
    sample.start();
    for (let i = 1; i <= 10; i++) {
      expect(sample.ended).toBeUndefined();
      sample.sent();
      sample.later(60);
    }
    expect([sample.ended, sample.path.length]).toEqual(['LOOP_LIMIT', 11]);
  });

  it('may be ten before another widget runs, and then begin anew', () => {
    const sample = new ExecutionSample({ main: flowOf('a', state('a', 'make-http-request', { url: 'https://example.com' }, { failed: 'a', success: 'b' }), setting('b', {}, 'a')) });
    sample.start();
    for (let i = 1; i <= 9; i++) sample.answered(500, '');
    sample.answered(200, '');
    for (let i = 1; i <= 9; i++) sample.answered(500, '');
    expect(sample.ended).toBeUndefined();
    sample.answered(500, '');
    expect(sample.ended).toBe('LOOP_LIMIT');
  });

  it('do not count a widget of a subflow that has the same name', () => {
    const sub = (next: string) => state('a', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: '1' }, { completed: next });
    const sample = new ExecutionSample({ main: flowOf('a', sub('b'), setting('b', {}, 'a')), [`${SUBFLOW}/1`]: flowOf('a', setting('a', {})) }, { stepsMax: 60 });
    sample.start();
    sample.resolved(1);
    expect([sample.ended, sample.warnings]).toEqual(['STEP_LIMIT', [81000]]);
  });
});

describe('timeouts of widgets', () => {
  const waitsFor = (sample: ExecutionSample): number | undefined => (sample.stop?.kind === 'wait' && sample.stop.dueAtMs !== undefined ? (sample.stop.dueAtMs - sample.nowMs) / 1_000 : undefined);

  it('are the setting of a reply where none can be read, and what the flow says otherwise', () => {
    for (const [timeout, seconds] of [['soon', 120], ['60', 60]] as const) {
      const sample = new ExecutionSample({ main: flowOf('ask', state('ask', 'send-and-wait-for-reply', { from: '+2', body: 'who?', timeout }, {})) }, { replyTimeoutSeconds: 120 }).begun();
      sample.sent();
      expect(waitsFor(sample)).toBe(seconds);
    }
  });

  it('are the setting of a redirect where none is given or it is longer', () => {
    for (const [timeout, seconds, warnings] of [[undefined, 90, []], ['91', 90, [81027]], ['90', 90, []]] as const) {
      const properties = { url: 'https://example.com', ...(timeout !== undefined && { timeout }) };
      const sample = new ExecutionSample({ main: flowOf('away', state('away', 'add-twiml-redirect', properties, {})) }, { redirectTimeoutSecondsMax: 90 }).begun();
      expect([waitsFor(sample), sample.warnings]).toEqual([seconds, warnings]);
    }
  });
});

describe('steps of an execution', () => {
  it('are a thousand, in sprints of a hundred', () => {
    const sample = new ExecutionSample({ main: loop });
    sample.start();
    expect([sample.path.length, sample.stop]).toEqual([100, { kind: 'bounded', next: 'b' }]);
    sample.finish();
    expect([sample.ended, sample.path.length, sample.warnings]).toEqual(['STEP_LIMIT', 1_000, [81000]]);
  });

  it('may be exactly as many as there may be', () => {
    const sample = new ExecutionSample({ main: flowOf('a', setting('a', {}, 'b'), setting('b', {})) }, { stepsMax: 3 });
    sample.start();
    expect([sample.ended, sample.path.length, sample.warnings]).toEqual(['FLOW_END', 3, []]);
  });

  it('are counted with those of subflows, wherever the last one is taken', () => {
    const main = flowOf('sub', state('sub', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: '1' }, { completed: 'b' }), setting('b', {}, 'sub'));
    const paths = [5, 6, 7].map((stepsMax) => {
      const sample = new ExecutionSample({ main, [`${SUBFLOW}/1`]: flowOf('a', setting('a', {})) }, { stepsMax, sprintStepsMax: 2 });
      sample.start();
      sample.resolved(1);
      sample.finish();
      return [sample.ended, sample.path.length, sample.path.at(-1), sample.warnings];
    });
    expect(paths).toEqual([
      ['STEP_LIMIT', 5, 'b -next-> sub', [81000]],
      ['STEP_LIMIT', 6, 'Trigger -incomingParent-> a', [81000]],
      ['STEP_LIMIT', 7, 'a -next-> Ended', [81000]],
    ]);
  });

  it('are numbered on over sprints and waits', () => {
    const sample = new ExecutionSample({ main: flowOf('a', setting('a', {}, 'ask'), asking('ask', { timeout: 'b' }), setting('b', {})) }, { sprintStepsMax: 1 });
    sample.start();
    sample.finish();
    sample.sent();
    sample.later(60);
    sample.finish();
    expect(sample.events.flatMap((event) => (event.type === 'StepTaken' ? [[event.step, event.widget]] : []))).toEqual([[1, 'Trigger'], [2, 'a'], [3, 'ask'], [4, 'b']]);
  });
});

describe('thirty days', () => {
  it('end an execution whatever it waits for, without another step', () => {
    const [long, endless] = [asking('ask', { timeout: '' }, String(40 * DAY)), state('ask', 'add-twiml-redirect', { url: '/x', timeout: '0' }, { return: '', timeout: '' })].map((first) => new ExecutionSample({ main: flowOf('ask', first) }));
    for (const sample of [long!, endless!]) sample.start();
    long!.sent();
    for (const sample of [long!, endless!]) sample.later(30 * DAY);
    expect([long!.ended, long!.path.length, endless!.ended, endless!.path.length]).toEqual(['EXPIRED', 1, 'EXPIRED', 1]);
  });

  it('count from the start, however often it went on in between', () => {
    const sample = new ExecutionSample({ main: flowOf('ask', asking('ask', { incomingMessage: 'b' }, String(20 * DAY)), asking('b', { incomingMessage: '' }, String(20 * DAY))) });
    sample.start();
    const startedMs = sample.nowMs;
    sample.sent();
    sample.later(15 * DAY);
    sample.message('on');
    sample.sent();
    expect(sample.stop).toMatchObject({ dueAtMs: startedMs + 30 * DAY * 1_000 });
    sample.later(15 * DAY);
    expect(sample.ended).toBe('EXPIRED');
  });
});

describe('what an execution may keep', () => {
  it('leaves out a value that is too large, and goes on', () => {
    const sample = new ExecutionSample({ main: flowOf('get', get()) }, { valueCharactersMax: 100 });
    sample.start();
    sample.answered(200, JSON.stringify({ long: 'x'.repeat(200) }));
    expect([sample.widgets, sample.warnings, sample.path.at(-1)]).toEqual([{ get: { status_code: 200, content_type: 'application/json' } }, [81018, 81018], 'get -success-> Ended']);
  });

  it('holds an answer of 64 kB, many small values in it too', () => {
    const body = JSON.stringify({ list: Array.from({ length: 32_000 }, (_, i) => i % 10) });
    const sample = new ExecutionSample({ main: flowOf('get', get()) });
    sample.start();
    sample.answered(200, body);
    expect([body.length > 64_000, sample.warnings]).toEqual([true, []]);
    expect(sample.widgets).toMatchObject({ get: { body, parsed: JSON.parse(body) } });
  });

  it('is counted by what it really holds, not by all that was ever written', () => {
    const sample = new ExecutionSample({ main: flowOf('a', setting('a', { v: 'x'.repeat(300) }, 'b'), setting('b', {}, 'a')) }, { contextCharactersMax: 2_000, stepsMax: 50 });
    sample.start();
    expect([sample.ended, sample.warnings]).toEqual(['STEP_LIMIT', [81000]]);
  });

  it('never grows beyond the limit, subflows included', () => {
    const main = flowOf('a', setting('a', { v: 'x'.repeat(800) }, 'sub'), state('sub', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: '1' }, { completed: '' }));
    const inner = flowOf('b', setting('b', { v: 'x'.repeat(800) }, 'c'), setting('c', { w: 'x'.repeat(800) }));
    const sample = new ExecutionSample({ main, [`${SUBFLOW}/1`]: inner }, { contextCharactersMax: 4_000 });
    sample.start();
    sample.resolved(1);
    expect([sample.ended, sample.warnings, JSON.stringify(sample.context).length < 4_000]).toEqual(['FLOW_END', [81018, 81018], true]);
  });

  it('is empty where a whole context is asked for that is too large for one value', () => {
    const json = (key: string) => ({ variables: [{ key, value: '{{flow}}', type: 'json_object' }] });
    const sample = new ExecutionSample({ main: flowOf('a', state('a', 'set-variables', json('x'), { next: 'b' }), state('b', 'set-variables', json('y'), { next: 'a' })) }, { stepsMax: 200, valueCharactersMax: 10_000 });
    sample.start();
    sample.finish();
    expect([sample.ended, new Set(sample.warnings)]).toEqual(['STEP_LIMIT', new Set([81000, 81018])]);
  });
});

describe('the time of one decision', () => {
  /** A clock that goes on by so many milliseconds whenever it is read. */
  const ticking = (ms: number) => {
    let now = 0;
    return { monotonicMs: () => (now += ms) };
  };

  it('ends a sprint early, looked at every ten steps', () => {
    const sample = new ExecutionSample({ main: loop }, { stepsMax: 25 }, ticking(30));
    sample.start();
    const first = sample.path.length;
    sample.finish();
    expect([first, sample.path.length, sample.ended, sample.sprints.length]).toEqual([10, 25, 'STEP_LIMIT', 3]);
  });

  it('does not count a pause of the process as templates that take too long', () => {
    const sample = new ExecutionSample({ main: flowOf('a', setting('a', { a: '{{1}}', b: '{{2}}' })) }, {}, ticking(60_000));
    sample.start();
    expect([sample.variables, sample.warnings]).toEqual([{ a: 1, b: 2 }, []]);
  });

  it('is enough for some slow templates and patterns, not for any number of them', () => {
    const slow = { variables: Array.from({ length: 20 }, (_, i) => ({ key: `v${i}`, value: `{{${i}}}` })) };
    const sample = new ExecutionSample({ main: flowOf('a', state('a', 'set-variables', slow, { next: 'b' }), setting('b', { x: '{{1}}' })) }, {}, ticking(100));
    sample.start();
    expect([sample.variables, sample.warnings.length, sample.ended]).toMatchObject([{ v0: 0, v9: 9, v10: '', v19: '', x: '' }, 11, 'FLOW_END']);
  });
});

describe('what one sprint writes', () => {
  // A sprint that is too large to be stored would park its input, and the execution would stand still for ever.
  it('ends it early, however few its steps are', () => {
    const copying = (name: string, next: string) => state(name, 'set-variables', { variables: ['x', 'y'].map((key) => ({ key, value: '{{trigger.message}}', type: 'json_object' })) }, { next });
    const sample = new ExecutionSample({ main: flowOf('a', copying('a', 'b'), copying('b', 'a')) }, { stepsMax: 200 });
    sample.start({ data: { Body: 'x'.repeat(60_000) } });
    sample.finish();
    expect([sample.ended, sample.path.length, sample.warnings]).toEqual(['STEP_LIMIT', 200, [81000]]);
    expect(Math.max(...sample.sprints.map(({ events }) => JSON.stringify(events).length))).toBeLessThan(1_500_000);
  });

  it('holds no more than some warnings of one step, each of some length', () => {
    const failing = Array.from({ length: 1_000 }, (_, i) => ({ key: `v${i}`, value: `{{ 1 + ${i} }}${'x'.repeat(1_000)}` }));
    const sample = new ExecutionSample({ main: flowOf('a', state('a', 'set-variables', { variables: failing }, { next: 'b' }), setting('b', { x: '{{ 1 + 1 }}' })) });
    sample.start();
    expect([sample.ended, sample.warnings.length, JSON.stringify(sample.events).length < 150_000]).toEqual(['FLOW_END', 101, true]);
    expect(sample.events.filter((event) => event.type === 'WarningRaised')[99]).toMatchObject({ message: expect.stringMatching(/^Further warnings of this step are not told: /) as string });
  });

  it('counts names too', () => {
    const sample = new ExecutionSample({ main: flowOf('away', state('away', 'add-twiml-redirect', { url: '/x' }, { return: '' })) }, { contextCharactersMax: 2_000 });
    sample.start();
    sample.event('return', { ['n'.repeat(3_000)]: '1', short: '2' });
    expect([sample.widgets, sample.warnings]).toEqual([{ away: { short: '2' } }, [81018]]);
  });
});
