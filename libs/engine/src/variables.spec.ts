import { ExecutionSample, asking, flowOf, setting, split, state } from './execution-sample';

const calling = (name: string, next: string, type = 'make-http-request'): object => state(name, type, { url: 'https://example.com' }, { success: next, failed: next, fail: next });
const started = (first: string, ...states: readonly object[]) => {
  const sample = new ExecutionSample({ main: flowOf(first, ...states) });
  sample.start();
  return sample;
};

describe('what templates see from the start', () => {
  it('is what a message brought', () => {
    const sample = new ExecutionSample({ main: flowOf('', setting('a', {})) });
    sample.start({ data: { Body: 'hi', From: '+1', To: '+2', AddOns: { status: 'successful' }, ChannelAttributes: { vip: true } } });
    expect(sample.context).toEqual({
      trigger: { message: { Body: 'hi', From: '+1', To: '+2', AddOns: { status: 'successful' }, ChannelAttributes: { vip: true } } },
      contact: { channel: { address: '+1' } },
      flow: { sid: `FN${'e'.repeat(32)}`, flow_sid: ExecutionSample.flow, channel: { address: '+2' }, data: {}, variables: {}, add_ons: { status: 'successful' } },
      widgets: {},
    });
  });

  it('is what a request brought, its parameters in both places', () => {
    const sample = new ExecutionSample({ main: flowOf('a', setting('a', { a: '{{flow.data.name}}', b: '{{trigger.request.parameters.name}}', c: '{{flow.data.list[1].n}}', d: '{{trigger.request.from}}' })) });
    sample.request({ name: 'Ann', list: [{ n: 1 }, { n: 2 }] });
    expect(sample.variables).toEqual({ a: 'Ann', b: 'Ann', c: 2, d: '+2' });
  });
});

describe('running a widget again', () => {
  it.each(['make-http-request', 'run-function'])('of type %s replaces its answer, and merges what is parsed key by key', (type) => {
    const sample = started('get', calling('get', 'mid', type), setting('mid', {}, 'get'));
    sample.answered(200, '{"a":{"x":1,"y":1},"list":[1,2],"old":true}');
    sample.answered(201, '{"a":{"y":2},"list":[3],"new":null}');
    expect(sample.widgets).toMatchObject({ get: { status_code: 201, body: '{"a":{"y":2},"list":[3],"new":null}', content_type: 'application/json' } });
    expect((sample.widgets as { get: { parsed: unknown } }).get.parsed).toEqual({ a: { x: 1, y: 2 }, list: [3], old: true, new: null });
  });

  it.each([
    ['is no JSON', 'down', 'text/html'],
    ['is a list', '[1]', 'application/json'],
  ])('leaves what was parsed untouched where the answer %s', (_, body, contentType) => {
    const sample = started('get', calling('get', 'mid'), setting('mid', {}, 'get'));
    sample.answered(200, '{"a":1}');
    sample.answered(503, body, contentType);
    expect(sample.widgets).toMatchObject({ get: { status_code: 503, body, content_type: contentType, parsed: { a: 1 } } });
  });

  it('leaves everything untouched where no answer came', () => {
    const sample = started('get', calling('get', 'mid'), setting('mid', {}, 'get'));
    sample.answered(200, '{"a":1}');
    sample.outcome({ ok: false, code: 81016, message: 'no answer' });
    expect(sample.widgets).toMatchObject({ get: { status_code: 200, parsed: { a: 1 } } });
  });

  it('merges replies: what is not said again stays', () => {
    const sample = started('ask', asking('ask', { incomingMessage: 'mid' }), setting('mid', {}, 'ask'));
    const reply = (parameters: Record<string, string>, sid: string) => {
      sample.sent(sid);
      sample.take({ type: 'Message', parameters });
    };
    reply({ Body: 'a', MediaUrl0: 'https://example.com/1' }, 'SM1');
    reply({ Body: 'b' }, 'SM2');
    expect(sample.widgets).toMatchObject({ ask: { outbound: { Sid: 'SM2' }, inbound: { Body: 'b', MediaUrl0: 'https://example.com/1' } } });
  });

  it('replaces a value by one of another kind', () => {
    const sample = started('get', calling('get', 'mid'), setting('mid', {}, 'get'));
    sample.answered(200, '{"a":{"b":1},"c":1,"d":[1]}');
    sample.answered(200, '{"a":1,"c":{"b":1},"d":{"b":1}}');
    expect((sample.widgets as { get: { parsed: unknown } }).get.parsed).toEqual({ a: 1, c: { b: 1 }, d: { b: 1 } });
  });

  it('does not change what earlier steps saw', () => {
    const sample = started('get', calling('get', 'mid'), setting('mid', { n: '{{flow.variables.n | plus: 1}}' }, 'get'));
    sample.answered(200, '{"a":{"x":1}}');
    const before = JSON.stringify(sample.context);
    sample.answered(200, '{"a":{"y":2}}');
    expect([JSON.stringify(sample.contextAfter(2)) === before, sample.variables]).toEqual([true, { n: 2 }]);
  });
});

describe('variables', () => {
  it('stand in flow.variables and under their widget, the latest in the former', () => {
    const sample = started('a', setting('a', { x: '1', y: '1' }, 'b'), setting('b', { x: '2' }));
    expect([sample.variables, sample.widgets]).toEqual([{ x: 2, y: 1 }, { a: { x: 1, y: 1 }, b: { x: 2 } }]);
  });

  it('replace each other whole in flow.variables, and merge under their widget', () => {
    const variables = [{ key: 'n', value: '{{flow.variables.n | plus: 1}}' }, { key: 'o', value: '{"{{flow.variables.n}}":true}', type: 'json_object' }];
    const sample = started('a', state('a', 'set-variables', { variables }, { next: 'b' }), split('b', '{{flow.variables.n}}', [['equal_to', '1', 'a']]));
    expect([sample.variables, sample.widgets]).toEqual([{ n: 2, o: { 2: true } }, { a: { n: 2, o: { 1: true, 2: true } } }]);
  });

  it('are numbers to conditions and to Liquid where they were stored as numbers', () => {
    const sample = started('a', setting('a', { n: '10', s: '"10"' }, 'b'), setting('b', { more: '{% if flow.variables.n > 9 %}yes{% endif %}', same: '{% if flow.variables.s == 10 %}yes{% else %}no{% endif %}' }, 'c'), split('c', '{{flow.variables.s}}', [['greater_than', '9', 'd']]), setting('d', { end: 'there' }));
    expect(sample.variables).toMatchObject({ more: 'yes', same: 'no', end: 'there' });
  });

  it('may have names that objects have of themselves', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const sample = started('toString', setting('toString', Object.fromEntries([['x', '{{flow.variables.toString}}'], ...names.slice(1).map((name) => [name, name])]), 'constructor'), state('constructor', 'set-variables', { variables: [{ key: '__proto__', value: '{"x":1}', type: 'json_object' }, { key: 'y', value: '{{widgets.toString.hasOwnProperty}}{{flow.variables.x}}' }] }, { next: '' }));
    const variables = sample.variables as Record<string, unknown>;
    expect(Object.keys(variables).sort()).toEqual([...names, 'x', 'y'].sort());
    expect([variables['y'], Object.getOwnPropertyDescriptor(variables, '__proto__')?.value, ({} as { x?: unknown }).x]).toEqual(['hasOwnProperty', { x: 1 }, undefined]);
    expect(Object.keys(sample.widgets as object)).toEqual(['toString', 'constructor']);
    expect(sample.states[1]).toEqual(sample.states[0]);
  });

  it('of widgets with names of other alphabets are read in brackets; a dot before one is an error', () => {
    const sample = started('größe', setting('größe', { x: '1' }, 'b'), setting('b', { a: '{{widgets["größe"].x}}', b: '{{widgets.größe.x}}' }));
    expect([sample.variables, sample.warnings]).toEqual([{ x: 1, a: 1, b: '' }, [81018]]);
  });

  it('keep halves of characters and zeros through log and snapshot', () => {
    const sample = started('ask', asking('ask', { incomingMessage: 'b' }), setting('b', { x: '{{widgets.ask.inbound.Body}}' }));
    sample.sent();
    sample.message('a\ud83db\u0000c');
    expect([(sample.variables as { x: string }).x, sample.states[2]]).toEqual(['a\ud83db\u0000c', sample.states[0]]);
  });

  it('hold very long texts up to what a template may print', () => {
    const sample = started('ask', asking('ask', { incomingMessage: 'b' }), setting('b', { x: '{{widgets.ask.inbound.Body}}', y: '{{widgets.ask.inbound.Body}}!' }));
    sample.sent();
    sample.message('x'.repeat(16_384));
    expect([sample.variables, sample.warnings]).toEqual([{ x: 'x'.repeat(16_384), y: '' }, [81018]]);
  });

  it('are a copy of what they were set to: what comes later does not change them', () => {
    const all = (key: string, value: string) => ({ key, value, type: 'json_object' });
    const sample = started('a', setting('a', { n: '1' }, 'b'), state('b', 'set-variables', { variables: [all('flow', '{{flow}}'), all('vars', '{{flow.variables}}'), all('w', '{{widgets}}')] }, { next: 'c' }), setting('c', { n: '2' }));
    expect(sample.variables).toMatchObject({ n: 2, flow: { variables: { n: 1 } }, vars: { n: 1, flow: { variables: { n: 1 } } }, w: { a: { n: 1 } } });
    expect((sample.variables as { w: object }).w).toEqual({ a: { n: 1 } });
  });
});
