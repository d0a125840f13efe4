import 'reflect-metadata';
import { AC, SK, type SampleApp, basic, errorOf, key, startSampleApp } from './sample-app';

let sample: SampleApp;
beforeAll(async () => void (sample = await startSampleApp()));
afterAll(() => sample.close());

describe('401', () => {
  it.each([
    ['nobody', {}, 'NoCredentials'],
    ['another scheme', { authorization: 'Bearer x' }, 'NoCredentials'],
    ['a wrong secret', basic(AC, 'wrong'), 'AuthenticationFailed'],
    ['no colon', { authorization: `Basic ${Buffer.from('abc').toString('base64')}` }, 'AuthenticationFailed'],
    ['a user that is no identifier', basic('admin', 'token'), 'AuthenticationFailed'],
    ['a NUL in the secret', basic(AC, 'token\u0000'), 'AuthenticationFailed'],
  ] as const)('for %s', async (_, headers, name) => {
    const answer = await fetch(`${sample.url}/v2/Things`, { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
    expect(await answer.json()).toEqual(errorOf(name).body);
  });

  it('comes before the body is read', async () => {
    const answer = await fetch(`${sample.url}/v2/Things`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' });
    expect(answer.status).toBe(401);
  });

  it('for a Standard key on a route of the account itself', async () => {
    expect(await sample.ask('/2010-04-01/Accounts/x/Keys.json', { headers: key })).toMatchObject(errorOf('InvalidUsername'));
    expect((await sample.ask('/2010-04-01/Accounts/x/Keys.json')).status).toBe(200);
    expect((await sample.ask('/v2/Things', { headers: key })).status).toBe(200);
  });

  it('is 503 while nobody can tell', async () => {
    expect(await sample.ask('/v2/Things', { headers: basic(AC, 'away') })).toMatchObject(errorOf('Unavailable'));
  });
});

describe('the caller', () => {
  const metaOf = async (headers: Record<string, string>) => (await sample.ask('/v2/Things', { form: 'FriendlyName=a', headers })).body?.['meta'];

  it('is the account, with the key that was used', async () => {
    expect(await metaOf({ ...key, 'user-agent': 'me/1' })).toMatchObject({
      accountSid: AC, actorType: 'account', actorSid: AC, credentialSid: SK, source: 'api', region: 'us1', userAgent: 'me/1',
      sourceIp: '127.0.0.1', sourceIpFrom: 'socket', requestSid: expect.stringMatching(/^RQ[0-9a-f]{32}$/) as string,
    });
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['6.6.6.6, 203.0.113.7, 127.0.0.9', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
  ])('came from where trusted proxies say: %s', async (forwarded, ip) => {
    expect(await metaOf({ 'x-forwarded-for': forwarded })).toMatchObject({ sourceIp: ip, sourceIpFrom: 'forwarded' });
  });

  it('came from the socket where the header is garbage', async () => {
    expect(await metaOf({ 'x-forwarded-for': '<script>' })).toMatchObject({ sourceIp: '127.0.0.1', sourceIpFrom: 'socket' });
  });
});
