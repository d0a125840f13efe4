import { isSigned } from '@atelier/twilio-client';
import { FORM, type Seen, SampleProvider, TOKEN, authenticated, context, json, refusing, requested } from './sample-provider';

const JSON_TYPE = 'application/json;charset=utf-8';

let provider: SampleProvider;
beforeEach(async () => void (provider = await SampleProvider.start()));
afterEach(() => provider.close());

describe('an HTTP request', () => {
  const signed = (each: Seen | undefined): boolean =>
    isSigned(
      {
        url: `${provider.origin}${each?.path}`,
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
    provider.answer = json(500, { sorry: 1 });
    expect(await provider.perform(provider.request({}))).toEqual({ ok: true, payload: { status: 500, contentType: 'application/json', body: '{"sorry":1}', headers: {} } });
  });

  it('as GET carries its parameters in the query, beside what stood there as it stood', async () => {
    await provider.perform(provider.request({ url: `${provider.origin}/hook?a=%20b`, parameters: [['c', 'd e'], ['c', 'ü']] }));
    expect(provider.seen[0]).toMatchObject({ method: 'GET', path: '/hook?a=%20b&c=d+e&c=%C3%BC', body: '' });
    expect(signed(provider.seen[0])).toBe(true);
  });

  it('as POST of a form carries them in the body', async () => {
    await provider.perform(provider.request({ method: 'POST', parameters: [['name', 'Ada L'], ['q', '1&2']] }));
    expect(provider.seen[0]).toMatchObject({ method: 'POST', path: '/hook', body: 'name=Ada+L&q=1%262' });
    expect(provider.seen[0]?.headers['content-type']).toBe(FORM);
    expect(signed(provider.seen[0])).toBe(true);
  });

  it('as POST of a form with a body of its own carries them in the query', async () => {
    await provider.perform(provider.request({ method: 'POST', body: 'x=1', parameters: [['y', '2']] }));
    expect(provider.seen[0]).toMatchObject({ path: '/hook?y=2', body: 'x=1' });
    expect(signed(provider.seen[0])).toBe(true);
  });

  it('as JSON adds the hash of the body to the URL, and the official rule believes it', async () => {
    await provider.perform(provider.request({ method: 'POST', contentType: JSON_TYPE, body: '{"ü":1}', parameters: [['y', '2']] }));
    expect(provider.seen[0]?.path).toMatch(/^\/hook\?y=2&bodySHA256=[0-9a-f]{64}$/);
    expect(provider.seen[0]?.body).toBe('{"ü":1}');
    expect(signed(provider.seen[0])).toBe(true);
  });

  it('with credentials in its URL is signed without them', async () => {
    await provider.perform(provider.request({ url: `${provider.origin.replace('//', '//us:pa@')}/hook` }));
    expect(provider.seen[0]?.headers.authorization).toBe(authenticated('us:pa'));
    expect(signed(provider.seen[0])).toBe(true);
  });

  it.each([
    ['a URL that is none', { url: 'not a url' }],
    ['a reserved parameter', { parameters: [['method', 'POST']] as const }],
    ['Twilio’s credentials for another host', { url: 'https://twilio.com.example.com/', addTwilioAuth: true }],
    ['Twilio’s credentials in clear', { url: 'http://api.twilio.com/', addTwilioAuth: true }],
  ])('with %s is not made: 81014', async (_, values) => {
    expect(await provider.perform(provider.request(values))).toMatchObject({ ok: false, code: 81014 });
    expect(provider.seen).toEqual([]);
  });

  it('to a private address is not made unless the operator allows it: 81014', async () => {
    await provider.callWith({ privateNetworks: 'refused' });
    expect(await provider.perform(provider.request({}))).toMatchObject({ ok: false, code: 81014 });
    expect(provider.seen).toEqual([]);
  });

  it('without an answer fails: 81016', async () => {
    provider.answer = (_, __, raw) => raw.socket.destroy();
    expect(await provider.perform(provider.request({ method: 'POST' }))).toMatchObject({ ok: false, code: 81016 });
  });

  it('with too long an answer fails: 81016', async () => {
    provider.answer = (_, response) => void response.writeHead(200).end('x'.repeat(65_537));
    expect(await provider.perform(provider.request({}))).toMatchObject({ ok: false, code: 81016 });
  });

  it('to the carrier with Twilio’s credentials uses the Studio API Key, heals it, and replaces those of the URL', async () => {
    provider.store.delete();
    provider.answer = refusing('SK1:secret-1', json(200, {}));
    expect(await provider.perform(provider.request({ url: `${provider.origin.replace('//', '//us:pa@')}/2010-04-01/Accounts.json`, addTwilioAuth: true }))).toMatchObject({ ok: true, payload: { status: 200 } });
    expect(provider.seen.map(({ headers }) => headers.authorization)).toEqual([authenticated('SK1:secret-1'), authenticated('SK2:secret-2')]);
  });

  it('without Twilio’s credentials never carries the key, also to the carrier', async () => {
    await provider.perform(provider.request({}));
    expect(provider.seen[0]?.headers).not.toHaveProperty('authorization');
  });

  it('that was lost is asked again as GET and unknown as POST', async () => {
    expect(await provider.effects().reconcile(requested(provider.request({})), context())).toBe('again');
    expect(await provider.effects().reconcile(requested(provider.request({ method: 'POST' })), context())).toMatchObject({ ok: false, code: 81016, unknown: true });
  });
});
