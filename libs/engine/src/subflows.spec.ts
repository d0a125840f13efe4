import { ExecutionSample, SUBFLOW, asking, flowOf, setting, split, state } from './execution-sample';

const running = (name: string, next: Readonly<Record<string, string>>, revision = 'LatestPublished', parameters: readonly object[] = []): object =>
  state(name, 'run-subflow', { flow_sid: SUBFLOW, flow_revision: revision, parameters }, next);
const main = flowOf('sub', running('sub', { completed: 'after', failed: 'after' }, 'LatestPublished', [{ key: 'who', value: '{{trigger.message.Body}}' }]), setting('after', {}));
const greeting = flowOf('greet', setting('greet', { text: 'Hello {{trigger.parent.parameters.who}}', from: '{{trigger.parent.trigger_type}}' }));

/** An execution whose only subflow has this definition and is at its third revision. */
const withSub = (sub: object, parent = main): ExecutionSample => new ExecutionSample({ main: parent, [`${SUBFLOW}/3`]: sub });
const entered = (sub: object, parent = main): ExecutionSample => {
  const sample = withSub(sub, parent);
  sample.start();
  sample.resolved(3);
  return sample;
};

describe('a subflow', () => {
  it('runs inside the execution and hands back its variables', () => {
    const sample = withSub(greeting);
    sample.start();
    expect(sample.open.effect).toEqual({ kind: 'subflow.resolve', request: { flowSid: SUBFLOW, revision: 'LatestPublished' } });
    sample.resolved(3);
    expect(sample.path).toEqual(['Trigger -incomingMessage-> sub', 'Trigger -incomingParent-> greet', 'greet -next-> Ended', 'sub -completed-> after', 'after -next-> Ended']);
    expect(sample.context).toMatchObject({ flow: { flow_sid: ExecutionSample.flow, variables: {} }, widgets: { sub: { text: 'Hello hi', from: 'message' } } });
    expect(sample.events.flatMap((event) => (event.type === 'StepTaken' ? [[event.widget, event.step, event.parentStep]] : []))).toEqual([['Trigger', 1, undefined], ['Trigger', 3, 2], ['greet', 4, 2], ['sub', 2, undefined], ['after', 5, undefined]]);
  });

  it('sees the trigger, the person and the data of its parent, and where it was called from', () => {
    const sample = withSub(flowOf('ask', asking('ask', { timeout: '' })), flowOf('sub', running('sub', { completed: '' }, '3', [{ key: 'n', value: '5' }])));
    sample.request({ name: 'Ann' });
    sample.resolved(3);
    expect(sample.context).toEqual({
      trigger: {
        request: { to: '+1', from: '+2', parameters: { name: 'Ann' } },
        parent: { parameters: { n: '5' }, step_sid: sample.stepSid(2), execution_sid: `FN${'e'.repeat(32)}`, flow_sid: ExecutionSample.flow, trigger_type: 'request' },
      },
      contact: { channel: { address: '+1' } },
      flow: { sid: `FN${'e'.repeat(32)}`, flow_sid: SUBFLOW, channel: { address: '+2' }, data: { name: 'Ann' }, variables: {} },
      widgets: {},
    });
  });

  it('has variables and widgets of its own, each time anew', () => {
    const parent = flowOf('a', setting('a', { mine: 'parent' }, 'sub'), running('sub', { completed: 'mid' }), setting('mid', { mine: 'still' }, 'again'), running('again', { completed: '' }));
    const sample = entered(flowOf('b', setting('b', { seen: '[{{flow.variables.mine}}{{widgets.a.mine}}{{flow.variables.count}}]', count: '1' })), parent);
    expect(sample.context).toMatchObject({ flow: { variables: { mine: 'still' } }, widgets: { sub: { seen: '[]', count: 1 }, again: { seen: '[]', count: 1 } } });
    expect(Object.keys(sample.widgets as object)).toEqual(['a', 'sub', 'mid', 'again']);
  });

  it('hands over and back values of any kind, merged with those of the run before', () => {
    const json = (key: string, value: string) => ({ key, value, type: 'json_object' });
    const sub = flowOf('pick', split('pick', '{{trigger.parent.parameters.o.n}}', [['equal_to', '1', 'first']], 'second'), state('first', 'set-variables', { variables: [json('o', '{"a":1,"b":1}'), { key: 'once', value: '{{trigger.parent.parameters.s}}' }] }, { next: '' }), state('second', 'set-variables', { variables: [json('o', '{"b":2}')] }, { next: '' }));
    const parent = flowOf('sub', running('sub', { completed: 'b' }, 'LatestPublished', [json('o', '{"n":{{flow.variables.n | default: 1}}}'), { key: 's', value: '5', type: 'string' }]), split('b', '{{flow.variables.n}}', [['is_blank', '', 'c']]), setting('c', { n: '2' }, 'sub'));
    const sample = entered(sub, parent);
    expect([sample.widgets, sample.warnings]).toMatchObject([{ sub: { o: { a: 1, b: 2 }, once: 5 } }, [81005]]);
  });

  it('completes where its trigger leads nowhere', () =>
    expect(entered({ states: [state('Trigger', 'trigger', {}, { incomingMessage: 'a' }), setting('a', {})], initial_state: 'Trigger' }).path.slice(1, 3)).toEqual(['Trigger -incomingParent-> Ended', 'sub -completed-> after']));

  it('may wait: replies, reports, timers and events find it', () => {
    const sub = flowOf('ask', asking('ask', { incomingMessage: 'away', timeout: '', deliveryFailure: '' }), state('away', 'add-twiml-redirect', { url: '/x' }, { return: '' }));
    const [replied, silent, lost] = [entered(sub), entered(sub), entered(sub)];
    replied.message('early');
    for (const sample of [replied, silent, lost]) sample.sent();
    replied.event('return', { x: '1' });
    silent.later(60);
    lost.status(4, 'SM9', 'failed');
    expect([replied, silent, lost].map(({ path }) => path.slice(2))).toEqual([
      ['ask -incomingMessage-> away', 'away -return-> Ended', 'sub -completed-> after', 'after -next-> Ended'],
      ['ask -timeout-> Ended', 'sub -completed-> after', 'after -next-> Ended'],
      ['ask -deliveryFailure-> Ended', 'sub -completed-> after', 'after -next-> Ended'],
    ]);
  });

  it('hears no message before it is there, nor while it waits for none', () => {
    const sample = withSub(flowOf('away', state('away', 'add-twiml-redirect', { url: '/x' }, { return: '' })));
    sample.start();
    sample.message('early');
    sample.resolved(3);
    sample.message('late');
    expect([sample.warnings, sample.stop?.kind]).toEqual([[81002, 81002], 'wait']);
  });

  it('ends with its execution, without another step', () => {
    const sample = entered(flowOf('ask', asking('ask', { incomingMessage: '' })));
    sample.sent();
    sample.take({ type: 'End', reason: 'API_REQUEST' });
    expect([sample.ended, sample.path.length]).toEqual(['API_REQUEST', 2]);
  });

  it('goes on in the next sprint where it is long', () => {
    const sample = new ExecutionSample({ main, [`${SUBFLOW}/3`]: flowOf('a', setting('a', { x: '1' }, 'b'), setting('b', { y: '2' }, 'c'), setting('c', { z: '3' })) }, { sprintStepsMax: 2 });
    sample.start();
    sample.resolved(3);
    sample.finish();
    expect([sample.ended, sample.widgets, sample.sprints.length]).toMatchObject(['FLOW_END', { sub: { x: 1, y: 2, z: 3 } }, 4]);
    expect(sample.states[1]).toEqual(sample.states[0]);
  });

  it('of an execution whose trigger brought much takes nothing away from it', () => {
    const sample = withSub(greeting);
    sample.start({ data: { Body: 'hi', AddOns: { status: 'successful' } } });
    sample.resolved(3);
    expect(sample.context).toMatchObject({ trigger: { message: { Body: 'hi' } }, flow: { add_ons: { status: 'successful' } } });
    expect(sample.context['trigger']).not.toHaveProperty('parent');
  });
});

describe('the revision of a subflow', () => {
  const asked = (revision: string, isTestUser = false) => {
    const sample = withSub(greeting, flowOf('sub', running('sub', { completed: '' }, revision)));
    sample.start({}, isTestUser);
    return sample.open.effect.request;
  };

  it.each([
    ['LatestPublished', false, 'LatestPublished'],
    ['LatestPublished', true, 'LatestPublished'],
    ['LatestDraft', false, 'LatestPublished'],
    ['LatestDraft', true, 'LatestRevision'],
    ['LatestRevision', false, 'LatestPublished'],
    ['LatestRevision', true, 'LatestRevision'],
    ['12', true, '12'],
  ])('%s, for a test user: %s, is %s', (named, isTestUser, revision) => expect(asked(named, isTestUser)).toEqual({ flowSid: SUBFLOW, revision }));

  it('is asked for once, and kept for as long as the execution lives', () => {
    const twice = flowOf('sub', running('sub', { completed: 'ask' }), asking('ask', { incomingMessage: 'again' }), running('again', { completed: '' }));
    const sample = entered(greeting, twice);
    sample.sent();
    sample.message('on');
    expect([sample.ended, sample.events.filter(({ type }) => type === 'SubflowPinned').length, sample.events.filter((event) => event.type === 'SubflowEntered' && event.revision === 3).length]).toEqual(['FLOW_END', 1, 2]);
  });
});

describe('a subflow that cannot run', () => {
  it('fails its step where it does not exist, and the flow goes on', () => {
    const sample = withSub(greeting);
    sample.start();
    sample.outcome({ ok: false, code: 81024, message: 'no such flow' });
    expect([sample.path.slice(1), sample.warnings, sample.widgets]).toEqual([['sub -failed-> after', 'after -next-> Ended'], [81024], { after: {} }]);
  });

  it('is not even looked for where no flow has so many revisions', () => {
    const sample = withSub(greeting, flowOf('sub', running('sub', { failed: '' }, '99999999999')));
    sample.start();
    expect([sample.path.at(-1), sample.warnings]).toEqual(['sub -failed-> Ended', [81024]]);
  });

  it('fails the step of the subflow that calls it', () => {
    const sample = entered(main);
    expect([sample.path.slice(1), sample.warnings]).toEqual([['Trigger -incomingParent-> sub', 'sub -failed-> after', 'after -next-> Ended', 'sub -completed-> after', 'after -next-> Ended'], [81024]]);
    expect(sample.events.find(({ type }) => type === 'WarningRaised')).toMatchObject({ widget: 'sub', step: 4 });
  });

  it('ends the execution where the flow is too large together with it', () => {
    const large = flowOf('a', ...Array.from({ length: 6 }, (_, i) => setting(`s${i}`, {})), setting('a', {}));
    const parent = flowOf('sub', running('sub', { completed: 'again' }), running('again', { completed: '' }));
    const sample = new ExecutionSample({ main: parent, [`${SUBFLOW}/3`]: large }, { widgetsMax: 18 });
    sample.start();
    sample.resolved(3);
    expect([sample.ended, sample.warnings, sample.path.length]).toEqual(['ERROR', [81026], 1]); // 3 of its own and twice 8
  });
});
