import { ExecutionSample, SUBFLOW, flowOf, split, state } from './execution-sample';

const variables = (entries: Readonly<Record<string, string>>) => ({ variables: Object.entries(entries).map(([key, value]) => ({ key, value, type: 'string' })) });
const ask = (next: Readonly<Record<string, string>>, timeout = '60') => state('ask', 'send-and-wait-for-reply', { from: '{{flow.channel.address}}', body: 'Name?', timeout }, next);
const thanks = state('thanks', 'send-message', { from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', body: 'Thanks {{widgets.ask.inbound.Body}}' }, { sent: '' });
const conversation = () => new ExecutionSample({ main: flowOf('ask', ask({ incomingMessage: 'check', timeout: '', deliveryFailure: 'thanks' }), split('check', '{{widgets.ask.inbound.Body}}', [['equal_to', 'yes', 'thanks']]), thanks) });

describe('the worked example of Studio', () => {
  it('asks, branches and thanks', () => {
    const sample = conversation();
    sample.start();
    expect(sample.open.effect).toEqual({ kind: 'message.send', request: { to: '+1', from: '+2', body: 'Name?', awaitsDelivery: true } });
    sample.sent();
    expect(sample.stop).toMatchObject({ kind: 'wait', for: 'incomingMessage', dueAtMs: sample.nowMs + 60_000 });
    sample.message(' YES ');
    sample.sent('SM10');
    expect(sample.path).toEqual(['Trigger -incomingMessage-> ask', 'ask -incomingMessage-> check', 'check -match-> thanks', 'thanks -sent-> Ended']);
    expect(sample.ended).toBe('FLOW_END');
    expect(sample.context).toMatchObject({
      trigger: { message: { Body: 'hi' } },
      contact: { channel: { address: '+1' } },
      flow: { channel: { address: '+2' } },
      widgets: { ask: { outbound: { Sid: 'SM9' }, inbound: { Body: ' YES ' } }, thanks: { outbound: { Sid: 'SM10' } } },
    });
  });

  it('leaves by timeout where nobody answers, and hears nobody afterwards', () => {
    const sample = conversation();
    sample.start();
    sample.sent();
    sample.later(60);
    expect(sample.path.at(-1)).toBe('ask -timeout-> Ended');
    expect(sample.message('late')).toEqual([]);
  });

  it('takes a reply that overtook the answer of its own send', () => {
    const sample = conversation();
    sample.start();
    sample.message('yes');
    sample.message('again');
    expect(sample.path).toHaveLength(1);
    sample.sent();
    expect(sample.path.at(-1)).toBe('check -match-> thanks');
    expect(sample.warnings).toEqual([81002]);
  });

  it('leaves by deliveryFailure when the message of the step was not delivered', () => {
    const sample = conversation();
    sample.start();
    sample.sent();
    expect(sample.status(2, 'SM8', 'failed')).toEqual([]);
    sample.status(2, 'SM9', 'undelivered');
    expect(sample.path.at(-1)).toBe('ask -deliveryFailure-> thanks');
    expect(sample.context).toMatchObject({ widgets: { ask: { outbound: { Sid: 'SM9', Status: 'undelivered', ErrorCode: '30003' } } } });
  });

  it('believes a status callback where the answer of the send was lost', () => {
    const sample = conversation();
    sample.start();
    sample.status(2, 'SM7', 'sent');
    sample.outcome({ ok: false, code: 81011, message: 'lost', unknown: true });
    expect(sample.stop).toMatchObject({ kind: 'wait', outputs: { outbound: { Sid: 'SM7', Status: 'sent' } } });
  });

  it('ignores an outcome, a timer and a continuation of a step that is over', () => {
    const sample = conversation();
    sample.start();
    sample.sent();
    expect([sample.take({ type: 'EffectOutcome', step: 2, outcome: { ok: true, payload: {} } }), sample.take({ type: 'Timer', step: 1 }), sample.take({ type: 'Continue' })]).toEqual([[], [], []]);
  });

  it('is ended over REST without another step', () => {
    const sample = conversation();
    sample.start();
    sample.sent();
    sample.take({ type: 'End', reason: 'API_REQUEST' });
    expect([sample.ended, sample.path.length]).toEqual(['API_REQUEST', 1]);
  });

  it('folds to the state that decided it', () => {
    const sample = conversation();
    sample.start();
    sample.sent();
    sample.message('yes');
    expect(sample.states[0]).toEqual(sample.states[1]);
  });
});

describe('limits', () => {
  it('a widget runs ten times in a row, not eleven', () => {
    const sample = new ExecutionSample({ main: flowOf('count', state('count', 'set-variables', variables({ n: '{{flow.variables.n | plus: 1}}' }), { next: 'count' })) });
    sample.start();
    expect([sample.ended, sample.path.length, sample.warnings, sample.context]).toMatchObject(['LOOP_LIMIT', 11, [81001], { flow: { variables: { n: 10 } } }]);
  });

  it('an execution takes a thousand steps, in sprints of a hundred', () => {
    const loop = flowOf('a', state('a', 'set-variables', {}, { next: 'b' }), state('b', 'set-variables', {}, { next: 'a' }));
    const sample = new ExecutionSample({ main: loop });
    sample.start();
    expect([sample.path.length, sample.stop]).toEqual([100, { kind: 'bounded', next: 'b' }]);
    while (sample.ended === undefined) sample.take({ type: 'Continue' });
    expect([sample.ended, sample.path.length, sample.warnings]).toEqual(['STEP_LIMIT', 1_000, [81000]]);
  });

  it('ends after thirty days, whatever the timeout', () => {
    const sample = new ExecutionSample({ main: flowOf('ask', ask({}, String(40 * 86_400))) });
    sample.start();
    sample.sent();
    sample.later(30 * 86_400);
    expect([sample.ended, sample.path.length]).toEqual(['EXPIRED', 1]);
  });

  it('leaves out a value that is too large, and goes on', () => {
    const sample = new ExecutionSample({ main: flowOf('get', state('get', 'make-http-request', { url: 'https://example.com', method: 'GET' }, { success: '' })) }, { valueCharactersMax: 100 });
    sample.start();
    sample.answered(200, JSON.stringify({ long: 'x'.repeat(200) }));
    expect([sample.context, sample.warnings, sample.path.at(-1)]).toMatchObject([{ widgets: { get: { status_code: 200 } } }, [81018, 81018], 'get -success-> Ended']);
  });

  it('keeps the context below its limit by what it really holds, not by all that was ever written', () => {
    const sample = new ExecutionSample({ main: flowOf('a', state('a', 'set-variables', variables({ v: 'x'.repeat(300) }), { next: 'b' }), state('b', 'set-variables', {}, { next: 'a' })) }, { contextCharactersMax: 2_000, stepsMax: 50 });
    sample.start();
    expect([sample.ended, sample.warnings]).toEqual(['STEP_LIMIT', [81000]]);
  });

  it('does not take for ever over a value that contains itself again and again', () => {
    const json = (key: string) => ({ variables: [{ key, value: '{{flow}}', type: 'json_object' }] });
    const sample = new ExecutionSample({ main: flowOf('a', state('a', 'set-variables', json('x'), { next: 'b' }), state('b', 'set-variables', json('y'), { next: 'a' })) });
    sample.start();
    while (sample.ended === undefined) sample.take({ type: 'Continue' });
    expect(sample.ended).toBe('STEP_LIMIT');
  });
});

describe('subflows', () => {
  const main = flowOf('sub', state('sub', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: 'LatestPublished', parameters: [{ key: 'who', value: '{{trigger.message.Body}}' }] }, { completed: 'after', failed: 'after' }), state('after', 'set-variables', {}, { next: '' }));
  const inner = flowOf('greet', state('greet', 'set-variables', variables({ text: 'Hello {{trigger.parent.parameters.who}}', from: '{{trigger.parent.trigger_type}}' }), { next: '' }));

  it('run inside the execution and hand back their variables', () => {
    const sample = new ExecutionSample({ main, [`${SUBFLOW}/3`]: inner });
    sample.start();
    expect(sample.open.effect).toEqual({ kind: 'subflow.resolve', request: { flowSid: SUBFLOW, revision: 'LatestPublished' } });
    sample.resolved(3);
    expect(sample.path).toEqual(['Trigger -incomingMessage-> sub', 'Trigger -incomingParent-> greet', 'greet -next-> Ended', 'sub -completed-> after', 'after -next-> Ended']);
    expect(sample.context).toMatchObject({ flow: { flow_sid: ExecutionSample.flow, variables: {} }, widgets: { sub: { text: 'Hello hi', from: 'message' } } });
    expect(sample.events.flatMap((event) => (event.type === 'StepTaken' ? [[event.widget, event.step, event.parentStep]] : []))).toEqual([['Trigger', 1, undefined], ['Trigger', 3, 2], ['greet', 4, 2], ['sub', 2, undefined], ['after', 5, undefined]]);
  });

  it('are asked for once, and keep their revision', () => {
    const twice = flowOf('sub', state('sub', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: 'LatestPublished' }, { completed: 'mid' }), state('mid', 'set-variables', {}, { next: 'again' }), state('again', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: 'LatestPublished' }, { completed: '' }));
    const sample = new ExecutionSample({ main: twice, [`${SUBFLOW}/3`]: inner });
    sample.start();
    sample.resolved(3);
    expect([sample.ended, sample.events.filter(({ type }) => type === 'SubflowPinned').length]).toEqual(['FLOW_END', 1]);
  });

  it('that do not exist, or call others, fail with 81024', () => {
    const missing = new ExecutionSample({ main });
    missing.start();
    missing.outcome({ ok: false, code: 81024, message: 'no such flow' });
    const nested = new ExecutionSample({ main, [`${SUBFLOW}/1`]: main });
    nested.start();
    nested.resolved(1);
    expect([missing.path[1], missing.warnings, nested.path[2], nested.warnings]).toEqual(['sub -failed-> after', [81024], 'sub -failed-> after', [81024]]);
  });

  it('may wait, and see drafts only for test users', () => {
    const draft = flowOf('sub', state('sub', 'run-subflow', { flow_sid: SUBFLOW, flow_revision: 'LatestDraft' }, { completed: '' }));
    const waiting = flowOf('ask', ask({ incomingMessage: '' }));
    const sample = new ExecutionSample({ main: draft, [`${SUBFLOW}/2`]: waiting });
    sample.start({}, true);
    expect(sample.open.effect.request).toMatchObject({ revision: 'LatestRevision' });
    sample.resolved(2);
    sample.sent();
    sample.message('x');
    expect(sample.path.slice(-2)).toEqual(['ask -incomingMessage-> Ended', 'sub -completed-> Ended']);
    expect(sample.states[0]).toEqual(sample.states[1]);
  });
});

describe('events from outside', () => {
  const redirect = (timeout: string) => new ExecutionSample({ main: flowOf('away', state('away', 'add-twiml-redirect', { url: 'https://example.com/?a=1&b=2', timeout }, { return: '', timeout: 'later' }), state('later', 'set-variables', {}, { next: '' })) });

  it('return with what they bring', () => {
    const sample = redirect('60');
    const [, , wait] = sample.start();
    expect(wait).toMatchObject({ type: 'WaitStarted', twiml: '<?xml version="1.0" encoding="UTF-8"?><Response><Redirect method="POST">https://example.com/?a=1&amp;b=2</Redirect></Response>' });
    sample.take({ type: 'FlowEvent', event: 'return', parameters: { score: '5' } });
    expect([sample.path.at(-1), sample.context]).toMatchObject(['away -return-> Ended', { widgets: { away: { score: '5' } } }]);
  });

  it('are ignored where nothing waits for them, and so is a message', () => {
    const sample = redirect('60');
    sample.start();
    sample.take({ type: 'FlowEvent', event: 'effectSucceeded', parameters: {} });
    sample.message('hello?');
    expect([sample.warnings, sample.path.length]).toEqual([[81002, 81002], 1]);
  });

  it('are waited for until the timeout, with 0 until the end of life', () => {
    const [short, endless] = [redirect('60'), redirect('0')];
    for (const each of [short, endless]) each.start();
    short.later(60);
    endless.later(14_400);
    expect([short.path.at(-1), endless.path.length, endless.stop?.kind]).toEqual(['later -next-> Ended', 1, 'wait']);
  });
});

it('a type that is not executed yet fails as its reference says', () => {
  const sample = new ExecutionSample({ main: flowOf('flex', state('flex', 'send-to-flex', { workflow: 'WW1', channel: 'TC1' }, { callComplete: '', failedToEnqueue: '', callFailure: 'say' }), state('say', 'say-play', { say: 'x' }, { audioComplete: '' })) });
  sample.start();
  expect([sample.path.at(-1), sample.ended, sample.warnings]).toEqual(['flex -callFailure-> say', 'ERROR', [81020, 81020]]);
});
