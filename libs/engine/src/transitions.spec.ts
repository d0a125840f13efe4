import { ExecutionSample, asking, flowOf, setting, state } from './execution-sample';

const REDIRECT = { url: 'https://example.com/?a=1&b=2', timeout: '60' };
/** A state whose transitions stand as given. */
const raw = (name: string, type: string, properties: object, transitions: readonly object[]): object => ({ name, type, properties, transitions });
const started = (first: string, ...states: readonly object[]) => {
  const sample = new ExecutionSample({ main: flowOf(first, ...states) });
  sample.start();
  return sample;
};

describe('the way into a flow', () => {
  const flow = (transitions: readonly object[], ...states: readonly object[]) => ({ states: [raw('Trigger', 'trigger', {}, transitions), ...states], initial_state: 'Trigger' });

  it.each([
    ['leads nowhere', [{ event: 'incomingMessage' }]],
    ['leads to an empty name', [{ event: 'incomingMessage', next: '' }]],
    ['leads to null', [{ event: 'incomingMessage', next: null }]],
    ['is not there', [{ event: 'incomingRequest', next: 'a' }]],
  ])('that %s ends the execution with its first step', (_, transitions) => {
    const sample = new ExecutionSample({ main: flow(transitions, setting('a', {})) });
    sample.start();
    expect([sample.path, sample.ended]).toEqual([['Trigger -incomingMessage-> Ended'], 'FLOW_END']);
  });

  it('is that of the trigger that occurred', () => {
    const sample = new ExecutionSample({ main: flow([{ event: 'incomingMessage', next: 'a' }, { event: 'incomingRequest', next: 'b' }], setting('a', {}), setting('b', {})) });
    sample.request();
    expect(sample.path[0]).toBe('Trigger -incomingRequest-> b');
  });

  it('need not be a trigger', () => {
    const sample = new ExecutionSample({ main: { states: [setting('a', { x: '1' })], initial_state: 'a' } });
    sample.start();
    expect([sample.path, sample.variables]).toEqual([['a -next-> Ended'], { x: 1 }]);
  });

  it('is taken again by a flow that comes back to its trigger', () => {
    const sample = started('ask', asking('ask', { incomingMessage: 'Trigger' }));
    sample.sent();
    sample.message('again');
    expect([sample.path.slice(1), sample.stop?.kind]).toEqual([['ask -incomingMessage-> Trigger', 'Trigger -incomingMessage-> ask'], 'effect']);
  });
});

describe('an event that the widget itself produced', () => {
  const get = (transitions: readonly object[]) => raw('get', 'make-http-request', { url: 'https://example.com' }, transitions);

  it.each([
    ['has no transition', []],
    ['has one without a next', [{ event: 'success' }]],
    ['has one to an empty name', [{ event: 'success', next: '' }]],
    ['has one to null', [{ event: 'success', next: null }]],
  ])('ends the execution where it %s', (_, transitions) => {
    const sample = started('get', get(transitions));
    sample.answered(200, '{}');
    expect([sample.path.at(-1), sample.ended, sample.warnings]).toEqual(['get -success-> Ended', 'FLOW_END', []]);
  });

  it('takes the first of two transitions', () => {
    const sample = started('get', get([{ event: 'failed', next: 'b' }, { event: 'success', next: 'a' }, { event: 'success', next: 'b' }]), setting('a', {}), setting('b', {}));
    sample.answered(200, '{}');
    expect(sample.path[1]).toBe('get -success-> a');
  });

  it('is its own where nobody answers', () => {
    const sample = started('ask', asking('ask', { incomingMessage: '' }));
    sample.sent();
    sample.later(60);
    expect([sample.path.at(-1), sample.ended]).toEqual(['ask -timeout-> Ended', 'FLOW_END']);
  });
});

describe('an event from outside', () => {
  const away = (...transitions: readonly object[]) => started('away', raw('away', 'add-twiml-redirect', REDIRECT, transitions), setting('later', {}));

  it('comes back with what it brings', () => {
    const sample = away({ event: 'return' });
    expect(sample.events.at(-1)).toMatchObject({ type: 'WaitStarted', twiml: '<?xml version="1.0" encoding="UTF-8"?><Response><Redirect method="POST">https://example.com/?a=1&amp;b=2</Redirect></Response>' });
    sample.event('return', { score: '5' });
    expect([sample.path.at(-1), sample.widgets]).toEqual(['away -return-> Ended', { away: { score: '5' } }]);
  });

  it('is ignored where the widget has no transition for it, and the wait goes on', () => {
    const sample = away({ event: 'timeout', next: 'later' });
    sample.event('return', { score: '5' });
    const silent = started('ask', asking('ask', { timeout: '' }));
    silent.message('early');
    silent.sent();
    silent.message('yes');
    expect([sample.warnings, sample.stop?.kind, sample.path.length, silent.warnings, silent.stop?.kind]).toEqual([[81002], 'wait', 1, [81002, 81002], 'wait']);
    sample.later(60);
    expect(sample.path.at(-1)).toBe('later -next-> Ended');
  });

  it('of any name takes the transition of that name, with all that it brings', () => {
    const sample = started('ask', asking('ask', { incomingMessage: '', deliveryFailure: 'after' }), setting('after', { x: '{{widgets.ask.why}}' }));
    sample.sent();
    sample.event('deliveryFailure', { why: 'lost' });
    expect([sample.path.at(-1), sample.widgets]).toMatchObject(['after -next-> Ended', { ask: { outbound: { Sid: 'SM9' }, why: 'lost' } }]);
  });

  it('may be a reply', () => {
    const sample = started('ask', asking('ask', { incomingMessage: '' }));
    sample.sent();
    sample.event('incomingMessage', { Body: 'yes' });
    expect(sample.widgets).toMatchObject({ ask: { inbound: { Body: 'yes' } } });
  });

  it.each(['effectSucceeded', 'effectFailed', 'subflowEnded', 'messageUndelivered', 'constructor', '__proto__', 'toString', ''])('is ignored where it calls itself %j', (name) => {
    const sample = started('ask', asking('ask', { incomingMessage: '', timeout: '', deliveryFailure: '' }));
    sample.sent();
    sample.event(name, { code: '1' });
    expect([sample.warnings, sample.path.length, sample.stop?.kind]).toEqual([[81002], 1, 'wait']);
  });

  it('is ignored while the widget is at work, and between two sprints', () => {
    const busy = started('ask', asking('ask', { incomingMessage: '' }));
    busy.event('incomingMessage', {});
    const bounded = new ExecutionSample({ main: flowOf('a', setting('a', {}, 'b'), setting('b', {}, 'a')) }, { sprintStepsMax: 3 });
    bounded.start();
    bounded.event('next', {});
    bounded.message('hello?');
    expect([busy.warnings, bounded.warnings, bounded.stop]).toEqual([[81002], [81002, 81002], { kind: 'bounded', next: 'a' }]);
  });

  it('is ignored where nothing waits for it, and so is a message', () => {
    const sample = away({ event: 'return' });
    sample.event('hangup', {});
    sample.message('hello?');
    expect([sample.warnings, sample.path.length]).toEqual([[81002, 81002], 1]);
  });
});

describe('a redirect', () => {
  const redirect = (timeout: string) => started('away', state('away', 'add-twiml-redirect', { ...REDIRECT, timeout }, { return: '', timeout: 'later' }), setting('later', {}));

  it('is waited for until its timeout, with 0 for as long as the execution lives', () => {
    const [short, endless] = [redirect('60'), redirect('0')];
    short.later(60);
    endless.later(14_400);
    expect([short.path.at(-1), endless.path.length, endless.stop?.kind]).toEqual(['later -next-> Ended', 1, 'wait']);
    endless.event('return');
    expect(endless.path.at(-1)).toBe('away -return-> Ended');
  });

  it('answers the webhook with nothing that breaks its XML', () => {
    const sample = started('away', state('away', 'add-twiml-redirect', { url: 'https://example.com/?q="<\u0001>"&x=\ud83d' }, { return: '' }));
    expect(sample.events.at(-1)).toMatchObject({ twiml: '<?xml version="1.0" encoding="UTF-8"?><Response><Redirect method="POST">https://example.com/?q=&quot;&lt;&gt;&quot;&amp;x=</Redirect></Response>' });
  });
});
