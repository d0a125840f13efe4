import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AccountSid, Fault, Rejection } from '@atelier/contracts';
import { createHttpCaller, type HttpCaller } from '@atelier/platform';
import { type ApiKey, type StudioKey, createMessagesApi, isSigned } from '@atelier/twilio-client';
import type { HttpRequest, MessageRequest } from '@atelier/widgets';
import type { EffectContext, EffectPerformer, RequestedEffect } from '../worker/effect-performer.port';
import { createEffects } from './effects';

const ACCOUNT: AccountSid = `AC${'a'.repeat(32)}`;
const EXECUTION = `FN${'1'.repeat(32)}` as const;
const FLOW = `FW${'f'.repeat(32)}` as const;
const STEP = `FT${'1'.repeat(28)}0002` as const;
const TOKEN = '12345';
const FORM = 'application/x-www-form-urlencoded;charset=utf-8';
const JSON_TYPE = 'application/json;charset=utf-8';
const HELLO: MessageRequest = { to: '+15551230001', from: '+15557650001', body: 'Hello' };
const PLAIN: HttpRequest = { method: 'GET', url: 'replaced', contentType: FORM, parameters: [], addTwilioAuth: false };

type Seen = { method: string; path: string; headers: IncomingMessage['headers']; body: string };

/** The authority of the account's key, as the port promises it: what was deleted is made anew, what exists is left alone. */
const keyStore = () => {
  let number = 1;
  let isGone = false;
  const secretOf = (n: number): ApiKey => ({ sid: `SK${n}`, secret: `secret-${n}` });
  const keys: StudioKey = {
    ensure: async () => secretOf(number),
    replaceRefused: async (_, refused) => {
      if (refused !== `SK${number}`) return secretOf(number);
      if (!isGone) return undefined;
      isGone = false;
      return secretOf(++number);
    },
  };
  return { keys, delete: () => void (isGone = true), made: () => number };
};

let server: Server;
let seen: Seen[];
let answer: (request: Seen, response: ServerResponse, raw: IncomingMessage) => void;
let caller: HttpCaller;
let store: ReturnType<typeof keyStore>;
let origin: string;

beforeEach(async () => {
  seen = [];
  store = keyStore();
  answer = (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  server = createServer((raw, response) => {
    const chunks: Buffer[] = [];
    raw.on('data', (chunk: Buffer) => chunks.push(chunk));
    raw.on('end', () => {
      const request = { method: raw.method ?? '', path: raw.url ?? '', headers: raw.headers, body: Buffer.concat(chunks).toString() };
      seen.push(request);
      answer(request, response, raw);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  caller = createHttpCaller({ privateNetworks: 'allowed', timeoutMs: 1_000 });
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await caller.close();
});

const effects = (isLookupConclusive = true, signing = { tokens: async () => [TOKEN, 'old'] }): ReturnType<typeof createEffects> =>
  createEffects({
    caller,
    signing,
    keys: store.keys,
    messages: createMessagesApi(caller, { baseUrl: origin, isLookupConclusive }),
    publicUrl: () => 'https://studio.example.com',
    carrierOrigin: origin,
  });
const requested = (effect: RequestedEffect['effect']): RequestedEffect => ({ execution: EXECUTION, account: ACCOUNT, flow: FLOW, step: 2, stepSid: STEP, effect });
const now = Date.parse('2026-01-31T12:00:00Z');
const context = (values: Partial<EffectContext> = {}): EffectContext => ({ attemptedAtMs: now, nowMs: now, signal: new AbortController().signal, ...values });
const perform = (effect: RequestedEffect['effect'], performer: EffectPerformer = effects(), on = context()): ReturnType<EffectPerformer['perform']> => performer.perform(requested(effect), on);
const request = (values: Partial<HttpRequest>): RequestedEffect['effect'] => ({ kind: 'http.request', request: { ...PLAIN, url: `${origin}/hook`, ...values } });
const json = (status: number, body: unknown) => (_: Seen, response: ServerResponse) => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const authenticated = (key: string): string => `Basic ${Buffer.from(key).toString('base64')}`;
const refusing = (key: string, then: typeof answer) => (each: Seen, response: ServerResponse, raw: IncomingMessage) =>
  each.headers.authorization === authenticated(key) ? json(401, { code: 20003, message: 'Authenticate', status: 401 })(each, response) : then(each, response, raw);

const closed = () => Promise.reject(new Rejection('Conflict', { message: `Account ${ACCOUNT} is closed` }));

describe('sending a message', () => {
  const created = json(201, { sid: 'SM1', status: 'queued', to: HELLO.to });
  const hello: RequestedEffect['effect'] = { kind: 'message.send', request: HELLO };

  it('is done with the Studio API Key', async () => {
    answer = created;
    expect(await perform(hello)).toEqual({ ok: true, payload: { Sid: 'SM1', Status: 'queued', To: HELLO.to } });
    expect(seen[0]?.headers.authorization).toBe(authenticated('SK1:secret-1'));
  });

  it.each([
    ['a step that waits', { ...HELLO, awaitsDelivery: true as const }, true, true],
    ['any step whose attempt nobody else could tell about', HELLO, false, true],
    ['no other', HELLO, true, false],
  ])('asks for status reports, which name execution and step: %s', async (_, request, isConclusive, isAsked) => {
    answer = created;
    await effects(isConclusive).perform(requested({ kind: 'message.send', request }), context());
    const url = `https://studio.example.com/v1/Accounts/${ACCOUNT}/Flows/${FLOW}?ExecutionSid=${EXECUTION}&StepSid=${STEP}`;
    expect(new URLSearchParams(seen[0]?.body).get('StatusCallback')).toBe(isAsked ? url : null);
  });

  it('heals a deleted key inside the step: the message is accepted once, with the new key', async () => {
    store.delete();
    answer = refusing('SK1:secret-1', created);
    expect(await perform(hello)).toMatchObject({ ok: true });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([authenticated('SK1:secret-1'), authenticated('SK2:secret-2')]);
  });

  it('refused though the key exists fails with the provider’s error, and makes no key', async () => {
    answer = json(401, { code: 20003, message: 'Authenticate', status: 401 });
    expect(await perform(hello)).toMatchObject({ ok: false, code: 20003, message: 'Authenticate' });
    expect([seen.length, store.made()]).toEqual([1, 1]);
  });

  it('refused with the new key too gives up: one regeneration a step', async () => {
    store.delete();
    answer = json(401, { code: 20003, message: 'Authenticate', status: 401 });
    expect(await perform(hello)).toMatchObject({ ok: false, code: 20003 });
    expect([seen.length, store.made()]).toEqual([2, 2]);
  });

  it('rejected by the provider tells what was asked for', async () => {
    answer = json(400, { code: 21211, message: 'The number is not valid', status: 400 });
    expect(await perform(hello)).toEqual({
      ok: false,
      code: 21211,
      message: 'The number is not valid',
      payload: { AccountSid: ACCOUNT, To: HELLO.to, From: HELLO.from, Body: 'Hello', Status: 'failed', ErrorCode: 21211, ErrorMessage: 'The number is not valid' },
    });
  });

  it('that the carrier is not available for is looked up where that is conclusive, and fails with its error elsewhere', async () => {
    answer = json(503, { code: 20503, message: 'The service is not available at the moment', status: 503 });
    await expect(perform(hello, effects(true))).rejects.toBeInstanceOf(Fault);
    expect(await perform(hello, effects(false))).toMatchObject({ ok: false, code: 20503 });
  });

  it('that comes too soon for its account waits: nothing was sent', async () => {
    answer = json(429, { code: 20429, message: 'Too many requests', status: 429 });
    expect(await perform(hello)).toMatchObject({ kind: 'postponed', otherwise: { ok: false, code: 20429, payload: { Status: 'failed' } } });
  });

  it('to a carrier where nobody listens waits: nothing was sent', async () => {
    const away = effects();
    server.close();
    expect(await perform(hello, away)).toMatchObject({ kind: 'postponed', otherwise: { ok: false, code: 81011 } });
  });

  it('whose answer never comes is not an outcome: nobody knows', async () => {
    answer = (_, __, raw) => raw.socket.destroy();
    await expect(perform(hello)).rejects.toBeInstanceOf(Fault);
    expect(seen).toHaveLength(1);
  });

  it('waits out a short absence of the key, then is postponed without end: nothing was sent, and no step fails for us', async () => {
    let asked = 0;
    store.keys.ensure = async () => {
      if (++asked < 3) throw new Fault('away');
      return { sid: 'SK1', secret: 'secret-1' };
    };
    answer = created;
    expect(await perform(hello)).toMatchObject({ ok: true });
    for (const away of [() => Promise.reject(new Fault('away')), () => new Promise<never>(() => undefined)]) {
      store.keys.ensure = away;
      const began = performance.now();
      expect(await perform(hello)).toEqual({ kind: 'postponed', why: expect.any(String) as string });
      expect(performance.now() - began).toBeLessThan(4_900); // a marked effect starts within five seconds, or not at all
    }
    expect(seen).toHaveLength(1);
  });

  it('refused for a key that is gone while nobody can make another is postponed, too', async () => {
    store.keys.replaceRefused = () => Promise.reject(new Fault('away'));
    answer = json(401, { code: 20003, message: 'Authenticate', status: 401 });
    expect(await perform(hello)).toEqual({ kind: 'postponed', why: 'away' });
  });

  it('for an account that may have no key any more fails for certain, with the reason', async () => {
    store.keys.ensure = closed;
    expect(await perform(hello)).toEqual({ ok: false, code: 81011, message: expect.stringContaining('is closed') as string });
    expect(seen).toEqual([]);
  });

  it('refused for an account that was closed meanwhile fails with the provider’s error', async () => {
    store.keys.replaceRefused = closed;
    answer = json(401, { code: 20003, message: 'Authenticate', status: 401 });
    expect(await perform(hello)).toMatchObject({ ok: false, code: 20003, message: 'Authenticate' });
  });
});

describe('a message whose attempt has no outcome', () => {
  const hello = requested({ kind: 'message.send', request: HELLO });
  const found = (sid: string) => ({ sid, body: 'Hello', direction: 'outbound-api', date_created: new Date(now).toUTCString() });
  const reconcile = (isConclusive: boolean, values: Partial<EffectContext>) => effects(isConclusive).reconcile(hello, context(values));

  it('is what the look-up finds', async () => {
    answer = json(200, { messages: [found('SM7')] });
    expect(await reconcile(false, {})).toMatchObject({ ok: true, payload: { Sid: 'SM7' } });
  });

  it('is not what another step has already', async () => {
    answer = json(200, { messages: [found('SM8'), found('SM7')] });
    expect(await reconcile(true, { isClaimed: async (sid) => sid === 'SM7' })).toMatchObject({ payload: { Sid: 'SM8' } });
    expect(await reconcile(true, { isClaimed: async () => true })).toBe('wait');
  });

  it('is waited for while the carrier may be busy with it, then attempted again where "not found" is the last word', async () => {
    answer = json(200, { messages: [] });
    expect(await reconcile(true, { nowMs: now + 14_999 })).toBe('wait');
    expect(await reconcile(true, { nowMs: now + 15_000 })).toBe('again');
  });

  it('is waited for a minute at Twilio, then unknown: never sent twice', async () => {
    answer = json(200, { messages: [] });
    expect(await reconcile(false, { nowMs: now + 59_999 })).toBe('wait');
    expect(await reconcile(false, { nowMs: now + 60_000 })).toMatchObject({ ok: false, unknown: true });
  });

  it('is unknown after a minute where the account may not ask any more', async () => {
    store.keys.ensure = closed;
    expect(await reconcile(true, { nowMs: now + 59_999 })).toBe('wait');
    expect(await reconcile(true, { nowMs: now + 60_000 })).toMatchObject({ ok: false, unknown: true });
  });

  it('stays open while the provider cannot be asked', async () => {
    answer = json(503, {});
    await expect(reconcile(true, { nowMs: now + 99_999 })).rejects.toBeInstanceOf(Fault);
  });
});

describe('an HTTP request', () => {
  const signed = (each: Seen | undefined): boolean =>
    isSigned(
      {
        url: `${origin}${each?.path}`,
        signature: String(each?.headers['x-twilio-signature']),
        body:
          each?.method === 'GET'
            ? { kind: 'none' }
            : each?.headers['content-type']?.includes('json')
              ? { kind: 'bytes', bytes: Buffer.from(each.body) }
              : { kind: 'form', form: Object.fromEntries(new URLSearchParams(each?.body)) },
      },
      [TOKEN],
    );

  it('answers status, type and text whatever the status is', async () => {
    answer = json(500, { sorry: 1 });
    expect(await perform(request({}))).toEqual({ ok: true, payload: { status: 500, contentType: 'application/json', body: '{"sorry":1}', headers: {} } });
  });

  it('as GET carries its parameters in the query, beside what stood there as it stood', async () => {
    await perform(request({ url: `${origin}/hook?a=%20b`, parameters: [['c', 'd e'], ['c', 'ü']] }));
    expect(seen[0]).toMatchObject({ method: 'GET', path: '/hook?a=%20b&c=d+e&c=%C3%BC', body: '' });
    expect(signed(seen[0])).toBe(true);
  });

  it('as POST of a form carries them in the body', async () => {
    await perform(request({ method: 'POST', parameters: [['name', 'Ada L'], ['q', '1&2']] }));
    expect(seen[0]).toMatchObject({ method: 'POST', path: '/hook', body: 'name=Ada+L&q=1%262' });
    expect(seen[0]?.headers['content-type']).toBe(FORM);
    expect(signed(seen[0])).toBe(true);
  });

  it('as POST of a form with a body of its own carries them in the query', async () => {
    await perform(request({ method: 'POST', body: 'x=1', parameters: [['y', '2']] }));
    expect(seen[0]).toMatchObject({ path: '/hook?y=2', body: 'x=1' });
    expect(signed(seen[0])).toBe(true);
  });

  it('as JSON adds the hash of the body to the URL, and the official rule believes it', async () => {
    await perform(request({ method: 'POST', contentType: JSON_TYPE, body: '{"ü":1}', parameters: [['y', '2']] }));
    expect(seen[0]?.path).toMatch(/^\/hook\?y=2&bodySHA256=[0-9a-f]{64}$/);
    expect(seen[0]?.body).toBe('{"ü":1}');
    expect(signed(seen[0])).toBe(true);
  });

  it('with credentials in its URL is signed without them', async () => {
    await perform(request({ url: `${origin.replace('//', '//us:pa@')}/hook` }));
    expect(seen[0]?.headers.authorization).toBe(authenticated('us:pa'));
    expect(signed(seen[0])).toBe(true);
  });

  it.each([
    ['a URL that is none', { url: 'not a url' }],
    ['a reserved parameter', { parameters: [['method', 'POST']] as const }],
    ['Twilio’s credentials for another host', { url: 'https://twilio.com.example.com/', addTwilioAuth: true }],
    ['Twilio’s credentials in clear', { url: 'http://api.twilio.com/', addTwilioAuth: true }],
  ])('with %s is not made: 81014', async (_, values) => {
    expect(await perform(request(values))).toMatchObject({ ok: false, code: 81014 });
    expect(seen).toEqual([]);
  });

  it('to a private address is not made unless the operator allows it: 81014', async () => {
    await caller.close();
    caller = createHttpCaller({ privateNetworks: 'refused' });
    expect(await perform(request({}))).toMatchObject({ ok: false, code: 81014 });
    expect(seen).toEqual([]);
  });

  it('without an answer fails: 81016', async () => {
    answer = (_, __, raw) => raw.socket.destroy();
    expect(await perform(request({ method: 'POST' }))).toMatchObject({ ok: false, code: 81016 });
  });

  it('with too long an answer fails: 81016', async () => {
    answer = (_, response) => void response.writeHead(200).end('x'.repeat(65_537));
    expect(await perform(request({}))).toMatchObject({ ok: false, code: 81016 });
  });

  it('to the carrier with Twilio’s credentials uses the Studio API Key, heals it, and replaces those of the URL', async () => {
    store.delete();
    answer = refusing('SK1:secret-1', json(200, {}));
    expect(await perform(request({ url: `${origin.replace('//', '//us:pa@')}/2010-04-01/Accounts.json`, addTwilioAuth: true }))).toMatchObject({ ok: true, payload: { status: 200 } });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([authenticated('SK1:secret-1'), authenticated('SK2:secret-2')]);
  });

  it('without Twilio’s credentials never carries the key, also to the carrier', async () => {
    await perform(request({}));
    expect(seen[0]?.headers).not.toHaveProperty('authorization');
  });

  it('that was lost is asked again as GET and unknown as POST', async () => {
    expect(await effects().reconcile(requested(request({})), context())).toBe('again');
    expect(await effects().reconcile(requested(request({ method: 'POST' })), context())).toMatchObject({ ok: false, code: 81016, unknown: true });
  });
});

describe('running a Function', () => {
  const run = (parameters: [string, string][] = [['a', '1'], ['a', '2']]): RequestedEffect['effect'] => ({ kind: 'function.run', request: { url: `${origin}/fn`, parameters } });

  it('posts a signed form', async () => {
    answer = (_, response) => void response.writeHead(200, { 'content-type': 'text/plain', 'x-twilio-function-concurrency': '3', 'x-other': '1' }).end('done');
    expect(await perform(run())).toEqual({
      ok: true,
      payload: { status: 200, contentType: 'text/plain', body: 'done', headers: { 'x-twilio-function-concurrency': '3' } },
    });
    expect(seen[0]).toMatchObject({ method: 'POST', path: '/fn', body: 'a=1&a=2' });
    const signature = String(seen[0]?.headers['x-twilio-signature']);
    expect(isSigned({ url: `${origin}/fn`, signature, body: { kind: 'form', form: { a: ['1', '2'] } } }, [TOKEN])).toBe(true);
  });

  it('takes a redirect as its answer', async () => {
    answer = (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end();
    expect(await perform(run())).toMatchObject({ ok: true, payload: { status: 302 } });
    expect(seen).toHaveLength(1);
  });

  it('without an answer fails: 81010', async () => {
    answer = (_, __, raw) => raw.socket.destroy();
    expect(await perform(run())).toMatchObject({ ok: false, code: 81010 });
  });

  it('at a URL that is a template fails: 81010', async () => {
    expect(await perform({ kind: 'function.run', request: { url: '{{flow.data.url}}', parameters: [] } })).toMatchObject({ ok: false, code: 81010 });
  });

  it('that was lost is unknown', async () => expect(await effects().reconcile(requested(run()), context())).toMatchObject({ ok: false, code: 81010, unknown: true }));
});

describe('effects', () => {
  it('are counted by kind and outcome', async () => {
    const performer = effects();
    await perform(request({}), performer);
    await perform(request({}), performer);
    await perform(request({ url: '' }), performer);
    expect(performer.counts()).toEqual([
      { kind: 'http.request', outcome: 'succeeded', count: 2, totalMs: expect.any(Number) },
      { kind: 'http.request', outcome: 'failed', count: 1, totalMs: expect.any(Number) },
    ]);
  });

  it('cut off by a worker that stops have no outcome', async () => {
    const stop = new AbortController();
    answer = () => stop.abort();
    await expect(perform(request({ method: 'POST' }), effects(), context({ signal: stop.signal }))).rejects.toBeInstanceOf(Fault);
  });

  it('are made unsigned where the account has no token', async () => {
    await perform(request({}), effects(true, { tokens: async () => [] }));
    expect(seen[0]?.headers).not.toHaveProperty('x-twilio-signature');
  });
});
