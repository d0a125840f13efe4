import { ExecutionSample, asking, flowOf, split, state } from './execution-sample';

const thanks = state('thanks', 'send-message', { from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', body: 'Thanks {{widgets.ask.inbound.Body}}' }, { sent: '' });
const conversation = () =>
  new ExecutionSample({ main: flowOf('ask', asking('ask', { incomingMessage: 'check', timeout: '', deliveryFailure: 'thanks' }), split('check', '{{widgets.ask.inbound.Body}}', [['equal_to', 'yes', 'thanks']]), thanks) });
const asked = () => {
  const sample = conversation();
  sample.start();
  return sample;
};
const waiting = () => {
  const sample = asked();
  sample.sent();
  return sample;
};

describe('the worked example of Studio', () => {
  it('asks, branches and thanks', () => {
    const sample = asked();
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

  it('has no step yet for the widget that it waits in, and writes what that has put out when it leaves', () => {
    const sample = waiting();
    expect([sample.path, sample.widgets]).toEqual([['Trigger -incomingMessage-> ask'], {}]);
    sample.message('no');
    expect(sample.widgets).toEqual({ ask: { outbound: { Sid: 'SM9', Status: 'queued' }, inbound: { Body: 'no', From: '+1', To: '+2', MessageSid: 'SM2' } } });
  });

  it('is ended over REST without another step, and what is under way then comes to nothing', () => {
    const [idle, busy] = [waiting(), asked()];
    for (const sample of [idle, busy]) sample.take({ type: 'End', reason: 'API_REQUEST' });
    expect([idle.ended, idle.path.length, busy.ended, busy.path.length]).toEqual(['API_REQUEST', 1, 'API_REQUEST', 1]);
    expect([idle.message('yes'), busy.take({ type: 'EffectOutcome', step: 2, outcome: { ok: true, payload: {} } }), idle.take({ type: 'End', reason: 'API_REQUEST' })]).toEqual([[], [], []]);
  });

  it('is ended by being deleted', () => {
    const sample = waiting();
    sample.take({ type: 'Delete' });
    expect([sample.ended, sample.path.length, sample.events.at(-1)?.type, sample.message('yes')]).toEqual(['DELETED', 1, 'ExecutionDeleted', []]);
  });
});

describe('a reply', () => {
  it('that overtook the answer of its own send is taken when that is there', () => {
    const sample = asked();
    sample.message('yes');
    sample.message('again');
    expect(sample.path).toHaveLength(1);
    sample.sent();
    expect([sample.path.at(-1), sample.warnings]).toEqual(['check -match-> thanks', [81002]]);
  });

  it('is kept up to a number, beyond it ignored', () => {
    const sample = asked();
    for (let i = 1; i <= 17; i++) sample.message(`${i}`);
    expect([sample.events.filter(({ type }) => type === 'InputKept').length, sample.warnings]).toEqual([16, [81002]]);
  });

  it('that was kept for a send that failed is heard by what comes then', () => {
    const sample = new ExecutionSample({ main: flowOf('ask', asking('ask', { deliveryFailure: 'other', incomingMessage: '' }), asking('other', { incomingMessage: '' })) });
    sample.start();
    sample.message('early');
    sample.outcome({ ok: false, code: 21610, message: 'unsubscribed' });
    sample.sent();
    expect([sample.path.slice(1), sample.ended]).toEqual([['ask -deliveryFailure-> other', 'other -incomingMessage-> Ended'], 'FLOW_END']);
  });

  it('is not heard while a widget that waits for none is at work', () => {
    const get = state('get', 'make-http-request', { url: 'https://example.com' }, { success: '' });
    const [http, send] = [get, thanks].map((first) => new ExecutionSample({ main: flowOf(first === get ? 'get' : 'thanks', first) }));
    for (const sample of [http!, send!]) {
      sample.start();
      sample.message('hello?');
      expect([sample.events.at(-1), sample.path.length]).toMatchObject([{ type: 'WarningRaised', code: 81002, step: 2 }, 1]);
    }
    http!.answered(200, '{}');
    expect([http!.path.at(-1), http!.widgets]).toMatchObject(['get -success-> Ended', { get: { status_code: 200 } }]);
  });

  it('wins over the timer that comes after it, and the timer over the reply', () => {
    const [reply, timer] = [waiting(), waiting()];
    reply.message('yes');
    expect(reply.take({ type: 'Timer', step: 2 })).toEqual([]);
    timer.later(60);
    expect([timer.path.at(-1), timer.message('late')]).toEqual(['ask -timeout-> Ended', []]);
  });

  it('does not touch what the first message brought', () => {
    const sample = waiting();
    sample.message('no');
    expect(sample.context['trigger']).toEqual({ message: { Body: 'hi', From: '+1', To: '+2' } });
  });
});

describe('the timeout', () => {
  it('counts from the moment that the provider took the message', () => {
    const sample = asked();
    sample.later(30);
    sample.sent();
    expect(sample.stop).toMatchObject({ dueAtMs: sample.nowMs + 60_000 });
  });

  it('is what the widget asked for when it was entered, whatever has changed meanwhile', () => {
    const late = new ExecutionSample({ main: flowOf('ask', state('ask', 'send-and-wait-for-reply', { from: 'x', body: "{{'now' | date: '%s'}}", timeout: "{{'now' | date: '%S' | plus: 5}}" }, { timeout: '' })) });
    late.start();
    late.later(30);
    late.sent();
    expect(late.stop).toMatchObject({ dueAtMs: late.nowMs + 5_000 });
    expect(late.events.find(({ type }) => type === 'EffectRequested')).toMatchObject({ effect: { request: { body: String(late.nowMs / 1_000 - 30) } } });
  });
});

describe('a message that was not delivered', () => {
  it('makes the widget that waits with it leave by deliveryFailure', () => {
    const sample = waiting();
    expect(sample.status(2, 'SM8', 'failed')).toEqual([]);
    expect(sample.status(2, 'SM9', 'delivered')).toEqual([]);
    sample.status(2, 'SM9', 'undelivered');
    expect(sample.path.at(-1)).toBe('ask -deliveryFailure-> thanks');
    expect(sample.context).toMatchObject({ widgets: { ask: { outbound: { Sid: 'SM9', Status: 'undelivered', ErrorCode: '30003' } } } });
  });

  it('does so too where the report overtook the answer of the send, and another report both', () => {
    const sample = asked();
    for (const status of ['sent', 'undelivered', 'undelivered', 'sent']) sample.status(2, 'SM9', status);
    expect(sample.events.filter(({ type }) => type === 'InputKept')).toHaveLength(2);
    sample.sent();
    expect(sample.path.at(-1)).toBe('ask -deliveryFailure-> thanks');
  });

  it('comes too late once the reply was taken', () => {
    const early = asked();
    early.message('yes');
    early.status(2, 'SM9', 'failed');
    early.sent();
    const late = waiting();
    late.message('yes');
    late.status(2, 'SM9', 'failed');
    expect([early.path.at(-1), late.path.at(-1)]).toEqual(['check -match-> thanks', 'check -match-> thanks']);
  });

  it('does not hold a step that only sends', () => {
    const sample = new ExecutionSample({ main: flowOf('thanks', thanks) });
    sample.start();
    sample.status(2, 'SM9', 'failed');
    sample.sent();
    expect([sample.path.at(-1), sample.widgets]).toMatchObject(['thanks -sent-> Ended', { thanks: { outbound: { Status: 'queued' } } }]);
  });
});

describe('a send whose answer was lost', () => {
  const lost = { ok: false, code: 81011, message: 'lost', unknown: true } as const;

  it('is believed to have happened where its status was reported', () => {
    const sample = asked();
    sample.status(2, 'SM7', 'sent');
    sample.outcome(lost);
    expect(sample.stop).toMatchObject({ kind: 'wait', outputs: { outbound: { Sid: 'SM7', Status: 'sent' } } });
  });

  // Otherwise the execution would wait for a reply to a question that nobody was asked.
  it('is not taken for done because an earlier message was delivered', () => {
    const sample = new ExecutionSample({ main: flowOf('ask', asking('ask', { incomingMessage: 'again' }), asking('again', { incomingMessage: '', deliveryFailure: '' })) });
    sample.start();
    sample.message('yes');
    sample.status(2, 'SM9', 'sent'); // kept for the first send, and of no use to the second
    sample.sent();
    sample.status(2, 'SM9', 'delivered');
    sample.outcome(lost);
    expect([sample.path.at(-1), sample.ended, sample.warnings]).toEqual(['again -deliveryFailure-> Ended', 'FLOW_END', [81011]]);
  });

  it('fails the step where nobody can say', () => {
    const sample = asked();
    sample.outcome(lost);
    expect([sample.path.at(-1), sample.widgets, sample.warnings]).toEqual(['ask -deliveryFailure-> thanks', {}, [81011]]);
  });
});
