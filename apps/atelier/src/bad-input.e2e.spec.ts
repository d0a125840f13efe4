import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type RunningAtelier, eventually, newDataDir, removeAtelier, startAtelier } from '@atelier/testing';
import { signatureOf, withBodyHash } from '@atelier/twilio-client';
import type { Twilio } from 'twilio';
import { BAD_VALUES, badBodiesOf, doorsOf } from './sample-bad-requests';
import { clientOf, failureOf, phoneOf, rest } from './sample-client';
import { flowOf } from './sample-flows';
import { BOMBS, PATTERNS, call, set, split } from './sample-bad-flows';
import { HOSTILE, HOSTILE_TWIML, type HostileServer, STRANGE, startHostileServer } from './sample-hostile-server';

const dataDir = newDataDir('bad-input');
const OUTBOUND_MS = 1_500;
const SLOW_MS = 20_000; // other suites share the machine
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const FROM = '+15557650001';
const deep = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

let product: RunningAtelier;
let client: Twilio;
let server: HostileServer;
let made = 0;
beforeAll(async () => {
  server = await startHostileServer();
  product = await startAtelier({ dataDir, settings: { ATELIER_OUTBOUND_PRIVATE_NETWORKS: 'allowed', ATELIER_OUTBOUND_TIMEOUT_MS: String(OUTBOUND_MS), ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: '0' } });
  client = clientOf(product);
}, 90_000);
afterAll(async () => {
  server?.close();
  await product?.end('SIGKILL');
  await removeAtelier(dataDir);
}, 30_000);
jest.setTimeout(60_000);

const published = async (definition: object | string): Promise<string> =>
  String((await rest(product, 'POST', '/v2/Flows', { FriendlyName: 'a flow', Status: 'published', Definition: typeof definition === 'string' ? definition : JSON.stringify(definition) })).body['sid']);

type Context = { readonly flow: { readonly variables: unknown }; readonly widgets: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
type Ended = { readonly event: string | undefined; readonly context: Context; readonly ms: number };
/** Runs a flow to its end: the event of its last step, and its context. */
const ran = async (flow: string, parameters: object | string = {}): Promise<Ended> => {
  const began = performance.now();
  const Parameters = typeof parameters === 'string' ? parameters : JSON.stringify(parameters);
  const { body } = await rest(product, 'POST', `/v2/Flows/${flow}/Executions`, { To: `+1555123${String(++made).padStart(4, '0')}`, From: FROM, Parameters });
  const execution = client.studio.v2.flows(flow).executions(String(body['sid']));
  await eventually('the end', async () => (await execution.fetch()).status === 'ended', SLOW_MS);
  const ms = performance.now() - began;
  const [last] = await execution.steps.list({ limit: 1 });
  const { context } = await execution.executionContext().fetch();
  return { event: last?.name, context: context as Context, ms }; // as the reference describes it
};
const valuesOf = ({ context }: Ended): unknown => context.flow.variables;

const megabytes = (): number => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(product.pid)], { encoding: 'utf8' })) / 1_024;

// Whatever came before: an ordinary flow runs, and nobody was called to look at a client's mistake.
afterEach(async () => {
  expect(valuesOf(await ran(await published(flowOf(set({ a: '{{flow.data.n | plus: 1}}' }))), { n: 1 }))).toEqual({ a: 2 });
  expect(product.output()).not.toMatch(/"level":[56]0/);
});

describe('servers that mean harm', () => {
  it('make the step leave by failed, in time, while the memory stays as it is', async () => {
    const flow = await published(flowOf(call));
    await ran(flow, { url: server.url('no HTTP') });
    const before = megabytes();
    const ends = await Promise.all(Object.keys(HOSTILE).map(async (name) => [name, await ran(flow, { url: server.url(name) })] as const));
    expect(Object.fromEntries(ends.map(([name, { event }]) => [name, event]))).toEqual(Object.fromEntries(Object.keys(HOSTILE).map((name) => [name, 'failed'])));
    expect(Math.max(...ends.map(([, { ms }]) => ms))).toBeLessThan(OUTBOUND_MS + 10_000);
    expect(megabytes() - before).toBeLessThan(150);
    await eventually('no connection is left open', async () => (await server.connections()) === 0, SLOW_MS);
  });

  it('or say strange things, which are kept as they are or left out', async () => {
    const flow = await published(flowOf(call));
    const answers = await Promise.all(Object.keys(STRANGE).map(async (name) => [name, await ran(flow, { url: server.url(name) })] as const));
    expect(answers.map(([, { event }]) => event)).toEqual(answers.map(() => 'success'));
    const kept = Object.fromEntries(answers.map(([name, { context }]) => [name, context.widgets['call']]));
    expect(kept['deep']).not.toHaveProperty('parsed');
    expect(JSON.stringify(kept['prototypes']?.['parsed'])).toBe('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(kept['unstorable']?.['parsed']).toEqual({ nul: '\u0000', half: '\ud800', '\u0000': 'key' });
    expect(kept['bytes']?.['body']).toBe('a\ufffd\u0000b');
    expect(kept['longer']?.['body']).toBe('{}');
  });
});

describe('webhooks that mean harm', () => {
  it('answer a message with nothing that anybody gets', async () => {
    const answers = [...Object.keys(HOSTILE_TWIML), 'a gigabyte', 'headers without an end', 'no HTTP'];
    const before = answers.map(server.heard);
    const phones = answers.map((_, i) => phoneOf(product, `+1555444000${i}`));
    for (const [i, answer] of answers.entries()) {
      await client.incomingPhoneNumbers.create({ phoneNumber: `+1555333000${i}`, smsUrl: server.url(answer) });
      await phones[i]?.text(`+1555333000${i}`, 'hi');
    }
    await eventually('all were asked', () => answers.every((answer, i) => server.heard(answer) > (before[i] ?? 0)), SLOW_MS);
    await eventually('no connection is left open', async () => (await server.connections()) === 0, SLOW_MS);
    for (const phone of phones) expect(await phone.conversation()).toEqual(['hi']);
  });
});

describe('flows that mean harm', () => {
  it('with template bombs end in time, each bomb empty', async () => {
    const ended = await ran(await published(flowOf(set(BOMBS))), { big: '&'.repeat(60_000) });
    expect(valuesOf(ended)).toEqual(Object.fromEntries(Object.keys(BOMBS).map((name) => [name, ''])));
    expect(ended.ms).toBeLessThan(10_000);
  });

  it('with hundreds of patterns that take for ever hold up nobody for long', async () => {
    const hostile = await published(flowOf(split([...PATTERNS, ...Array.from({ length: 300 }, (_, i) => `(a+)+${i}`)].map((value) => ({ type: 'regex', value })))));
    const quiet = await published(flowOf(set({ a: '1' })));
    const began = performance.now();
    const [bad, ...others] = await Promise.all([ran(hostile, { subject: `${'a'.repeat(4_000)}!` }), ...Array.from({ length: 10 }, () => ran(quiet))]);
    expect(bad?.event).toBe('noMatch');
    expect(others.map(valuesOf)).toEqual(others.map(() => ({ a: 1 })));
    expect(performance.now() - began).toBeLessThan(12_000);
  });

  it('with texts that no text column holds run, and their contexts are read back', async () => {
    const odd = { 'k\u0000\ud800': 'v\u0000\udc00', ['__proto__']: 'own', constructor: 'too', quoted: '{{ flow.data.odd }}|{{ flow.data.odd | size }}' };
    const definition = flowOf(set(odd));
    const flow = await published(definition);
    expect((await client.studio.v2.flows(flow).fetch()).definition).toEqual(definition);
    const ended = await ran(flow, '{"odd":"\\u0000\\ud800"}');
    expect(JSON.stringify(valuesOf(ended))).toBe(JSON.stringify({ ...odd, ['__proto__']: 'own', quoted: '\u0000\ud800|2' }));
  });

  it('of every size are judged in time', async () => {
    const states = (n: number) => flowOf(...Array.from({ length: n }, (_, i) => ({ name: `s${i}`, type: 'set-variables', properties: {}, transitions: i + 1 < n ? [{ event: 'next', next: `s${i + 1}` }] : [] })));
    const conditions = Array.from({ length: 2_000 }, (_, i) => ({ type: 'equal_to', value: String(i) }));
    expect((await ran(await published(flowOf(split(conditions))), { subject: '1999' })).event).toBe('match');
    expect((await ran(await published(states(1_999)))).event).toBe('next');
    const tooMany = await rest(product, 'POST', '/v2/Flows', { FriendlyName: 'x', Status: 'draft', Definition: JSON.stringify(states(2_001)) });
    expect(tooMany).toMatchObject({ status: 400, body: { code: 81022 } });
    for (const Definition of [deep(100_000), '['.repeat(100_000), `"${'x'.repeat(1_100_000)}"`, '{"states":', '[]', 'null'])
      for (const path of ['/v2/Flows', '/v2/Flows/Validate', '/atelier/v1/Flows/Import']) expect((await rest(product, 'POST', path, { FriendlyName: 'x', Status: 'draft', Definition })).status).toBe(400);
    expect((await client.studio.v2.flows.list()).filter(({ friendlyName }) => friendlyName === 'x')).toEqual([]);
  });
});

describe('requests that mean harm', () => {
  const send = async (path: string, body: string, headers: Record<string, string>) => (await fetch(product.url + path, { method: 'POST', body, headers })).status;
  const sms = (more: Record<string, string> = {}) => ({ MessageSid: `SM${randomBytes(16).toString('hex')}`, From: `+1555999${String(++made).padStart(4, '0')}`, To: FROM, Body: 'hi', ...more });
  const executionsOf = async (flow: string): Promise<number> => (await client.studio.v2.flows(flow).executions.list()).length;

  it('are refused at the webhook unless they are signed, and start nothing', async () => {
    const flow = await published(flowOf(set({ a: '1' })));
    const path = `/v1/Accounts/${product.accountSid}/Flows/${flow}`;
    const [form, url] = [sms(), product.url + path];
    const text = new URLSearchParams(form).toString();
    const sign = (at: string, values: Record<string, string> = form, token = product.authToken) => signatureOf(token, at, values);
    const stranger = await client.api.accounts.create({ friendlyName: 'stranger' });
    const forged: [string, Record<string, string>][] = [
      [text, {}],
      [text, { 'x-twilio-signature': 'AAAA' }],
      [text, { 'x-twilio-signature': sign(url, form, stranger.authToken) }],
      [text, { 'x-twilio-signature': sign(url, { ...form, Body: 'ho' }) }],
      [`${text}&Body=more`, { 'x-twilio-signature': sign(url) }],
      [text, { 'x-twilio-signature': sign(`https://example.com${path}`), 'x-forwarded-proto': 'https', 'x-forwarded-host': 'example.com', host: 'example.com' }],
      [text, { 'x-twilio-signature': sign(`${url}?FlowEvent=return`) }],
    ];
    for (const [body, headers] of forged) expect(await send(path, body, { 'content-type': FORM, ...headers })).toBe(403);
    expect(await send(path.replace(product.accountSid, stranger.sid), text, { 'content-type': FORM, 'x-twilio-signature': sign(url) })).toBe(403);
    const json = JSON.stringify(sms());
    const hashed = withBodyHash(new URL(url), json);
    const signedJson = { 'content-type': JSON_TYPE, 'x-twilio-signature': sign(hashed.href, {}) };
    expect(await send(path + hashed.search, json.replace('hi', 'ho'), signedJson)).toBe(403);
    expect(await send(path, json, { 'content-type': JSON_TYPE, 'x-twilio-signature': sign(url, {}) })).toBe(403);
    expect(await send(`${path}?a=1&b=2`, text, { 'content-type': FORM, 'x-twilio-signature': sign(`${url}?b=2&a=1`) })).toBe(403);
    expect(await executionsOf(flow)).toBe(0);
    expect(await send(path + hashed.search, json, signedJson)).toBe(200);
    expect(await send(path, text, { 'content-type': FORM, 'x-twilio-signature': sign(url) })).toBe(200);
    await eventually('both signed messages', async () => (await executionsOf(flow)) === 2, SLOW_MS);
  });

  it('may be signed and odd: their texts are kept, their depth and number are not', async () => {
    const flow = await published(flowOf(set({ body: '{{trigger.message.Body}}', all: '{{trigger.message.constructor}}{{trigger.message.k9000}}' })));
    const path = `/v1/Accounts/${product.accountSid}/Flows/${flow}`;
    const json = (body: string) => {
      const hashed = withBodyHash(new URL(product.url + path), body);
      return send(path + hashed.search, body, { 'content-type': JSON_TYPE, 'x-twilio-signature': signatureOf(product.authToken, hashed.href) });
    };
    expect(await json(deep(100_000))).toBe(400);
    expect(await json(`${JSON.stringify(sms()).slice(0, -1)},"__proto__":{"x":1}}`)).toBe(400);
    expect(await json('[1]')).toBe(400);
    const form = sms({ Body: 'a\u0000b', constructor: 'own', ...Object.fromEntries(Array.from({ length: 9_900 }, (_, i) => [`k${i}`, String(i)])) });
    expect(await send(path, new URLSearchParams(form).toString(), { 'content-type': FORM, 'x-twilio-signature': signatureOf(product.authToken, product.url + path, form) })).toBe(200);
    const { executions } = client.studio.v2.flows(flow);
    const sid = await eventually('its end', async () => (await executions.list({ status: 'ended' }))[0]?.sid, SLOW_MS);
    expect((await executions(sid).executionContext().fetch()).context).toMatchObject({ flow: { variables: { body: 'a\u0000b', all: 'own9000' } } });
  });

  it('are refused at every door, in the one form of errors, whatever is wrong with them', async () => {
    const flow = await published(flowOf(set({ a: '1' })));
    const authorization = `Basic ${Buffer.from(`${product.accountSid}:${product.authToken}`).toString('base64')}`;
    const answer = async (path: string, body: string, headers: Record<string, string> = { authorization }): Promise<string> => {
      const found = await fetch(product.url + path, { method: 'POST', body, headers: { 'content-type': JSON_TYPE, ...headers } });
      const error = (await found.json()) as Record<string, unknown>;
      return `${found.status} ${['code', 'message', 'more_info', 'status'].filter((key) => key in error).length}`;
    };
    const good = { FriendlyName: 'bad', Status: 'draft', Definition: JSON.stringify(flowOf()), To: '+1', From: '+2', Body: 'b' };
    for (const [path, names] of Object.entries(doorsOf(product.accountSid, flow))) {
      for (const body of badBodiesOf(names, good)) expect([path, body.slice(0, 200), await answer(path, body)]).toEqual([path, body.slice(0, 200), expect.stringMatching(/^4(00|13) 4$/)]);
      expect(await answer(path, JSON.stringify(good), {})).toBe('401 4');
    }
    expect((await client.studio.v2.flows.list()).filter(({ friendlyName }) => friendlyName === 'bad')).toEqual([]);
    expect(await executionsOf(flow)).toBe(0);
    const records = BAD_VALUES.filter((value) => !JSON.stringify(value).includes('__proto__')).map((data, i) => ({ specversion: '1.0', type: 'atelier.trigger.v1', source: 's', id: String(i), data }));
    const { body } = await rest(product, 'POST', '/atelier/v1/Topics/atelier.triggers/Records', [1, null, ...records]);
    expect((body['results'] as { status: string }[]).map(({ status }) => status)).toEqual(Array.from({ length: records.length + 2 }, () => 'rejected'));
  });

  it('of another account find nothing, whatever they ask for', async () => {
    const flow = await published(flowOf({ ...call, name: 'wait', type: 'add-twiml-redirect', properties: { url: 'https://example.com' }, transitions: [] }));
    const { body } = await rest(product, 'POST', `/v2/Flows/${flow}/Executions`, { To: '+15558880001', From: FROM });
    const { sid, authToken } = await client.api.accounts.create({ friendlyName: 'other' });
    const other = clientOf({ url: product.url, accountSid: sid, authToken });
    const [theirs, execution] = [other.studio.v2.flows(flow), other.studio.v2.flows(flow).executions(String(body['sid']))];
    const [key] = await client.keys.list();
    const attempts = [
      () => theirs.fetch(), () => theirs.update({ status: 'draft' }), () => theirs.remove(), () => theirs.revisions('LatestRevision').fetch(), () => theirs.testUsers().fetch(),
      () => theirs.executions.create({ to: '+1', from: '+2' }), () => theirs.executions.list(), () => execution.fetch(), () => execution.update({ status: 'ended' }), () => execution.remove(),
      () => execution.executionContext().fetch(), () => execution.steps.list(), () => other.keys(key?.sid ?? '').fetch(), () => other.keys(key?.sid ?? '').remove(),
      () => other.iam.v1.apiKey(key?.sid ?? '').fetch(), () => other.api.accounts(product.accountSid).fetch(),
    ];
    for (const attempt of attempts) expect((await failureOf(Promise.resolve(attempt()))).status).toBe(404);
    const events = await client.monitor.v1.events.list({ limit: 1 });
    expect((await failureOf(other.monitor.v1.events(events[0]?.sid ?? '').fetch())).status).toBe(404);
    expect((await client.studio.v2.flows(flow).executions(String(body['sid'])).fetch()).status).toBe('active');
  });
});
