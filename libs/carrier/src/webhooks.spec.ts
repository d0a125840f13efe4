import type { HttpCaller, OutboundRequest, OutboundResult } from '@atelier/platform';
import { isSigned } from '@atelier/twilio-client';
import { ACCOUNT, STRANGER, TOKEN } from './sample-carrier';
import { Webhooks } from './webhooks';

const failure = (wasSent: boolean, reason: 'network' | 'timeout' | 'refused-address' = 'network'): OutboundResult => ({ kind: 'failure', reason, wasSent, message: '' });
const answer = (status: number): OutboundResult => ({ kind: 'answer', status, contentType: '', headers: {}, body: '' });

/** Calls with these results, one after the other; the last one stays. */
const calling = (...results: readonly OutboundResult[]) => callingWith({}, ...results);

const callingWith = (more: Partial<ConstructorParameters<typeof Webhooks>[0]>, ...results: readonly OutboundResult[]) => {
  const requests: OutboundRequest[] = [];
  const caller: HttpCaller = { call: async (request) => results[Math.min(requests.push(request), results.length) - 1]!, close: async () => undefined };
  const signingToken = { tokens: async (account: string) => (account === ACCOUNT ? [TOKEN, 'secondary'] : []) };
  const webhooks = new Webhooks({ caller, signingToken, trustedOrigin: () => 'http://own', ...more });
  const call = (url: string, more: Partial<Parameters<Webhooks['call']>[0]> = {}) => webhooks.call({ account: ACCOUNT, url, method: 'POST', parameters: [['a', '1']], fact: 'SM1 sent', ...more });
  return { requests, call };
};

describe('a webhook', () => {
  // Retries of Twilio's connection overrides: `rc` the count, `rp` what is tried again (ct, rt, 4xx, 5xx, all).
  it.each([
    ['', failure(false), 2],
    ['', failure(false, 'timeout'), 2],
    ['', failure(true), 1],
    ['', failure(true, 'timeout'), 1],
    ['', failure(false, 'refused-address'), 1],
    ['', answer(500), 1],
    ['', answer(404), 1],
    ['#rc=0', failure(false), 1],
    ['#rc=5', failure(false), 6],
    ['#rc=6', failure(false), 2],
    ['#rp=rt', failure(false), 1],
    ['#rp=rt', failure(true, 'timeout'), 2],
    ['#rc=2&rp=ct,5xx', answer(503), 3],
    ['#rc=2&rp=5xx', answer(404), 1],
    ['#rc=2&rp=4xx', answer(404), 3],
    ['#rc=2&rp=all', answer(200), 1],
    ['#rc=2&rp=all', failure(true), 3],
  ])('with %s that meets %o is called %i times', async (fragment, result, times) => {
    const { requests, call } = calling(result);
    await call(`https://example.com/sms${fragment}`);
    expect(requests).toHaveLength(times);
  });
  it('is answered by the attempt that succeeds', async () => expect(await calling(failure(false), answer(204)).call('https://example.com/')).toMatchObject({ status: 204 }));
  it('that cannot be reached has no answer', async () => expect(await calling(failure(false)).call('https://example.com/')).toBeUndefined());
  it.each(['', 'nowhere', 'https://'])('with the URL %j is not called', async (url) => {
    const { requests, call } = calling(answer(200));
    expect(await call(url)).toBeUndefined();
    expect(requests).toEqual([]);
  });
  it('is signed over the URL that is called: without fragment and credentials, with the query as it stands', async () => {
    const { requests, call } = calling(answer(200));
    await call('https://ada:secret@example.com:443/sms?b=%7E&a=1#rc=1', { parameters: [['To', '+1'], ['From', '+2'], ['MediaUrl', 'a'], ['MediaUrl', 'b']] });
    const [{ url = '', headers = {} } = {}] = requests;
    expect(url).toBe('https://ada:secret@example.com/sms?b=%7E&a=1');
    const request = { url: 'https://example.com/sms?b=%7E&a=1', signature: headers['x-twilio-signature'], body: { kind: 'form', form: { To: '+1', From: '+2', MediaUrl: ['a', 'b'] } } } as const;
    expect([isSigned(request, [TOKEN]), isSigned(request, ['secondary'])]).toEqual([true, false]);
  });
  // In a container, localhost is the carrier itself: without this no webhook of `docker compose up` would arrive.
  it('of this installation goes where the installation is reached from here, signed for its public name', async () => {
    const { requests, call } = callingWith({ reachedAt: 'http://origin:8080' }, answer(200));
    await call('http://own/v1/Accounts/AC1/Flows/FW1?a=http://own/b');
    await call('http://own:81/other');
    expect(requests.map(({ url, trustedOrigin }) => [url, trustedOrigin])).toEqual([
      ['http://origin:8080/v1/Accounts/AC1/Flows/FW1?a=http://own/b', 'http://origin:8080'],
      ['http://own:81/other', 'http://own'],
    ]);
    const { headers = {} } = requests[0] ?? {};
    expect(isSigned({ url: 'http://own/v1/Accounts/AC1/Flows/FW1?a=http://own/b', signature: headers['x-twilio-signature'], body: { kind: 'form', form: { a: '1' } } }, [TOKEN])).toBe(true);
  });
  it('of an account without tokens goes unsigned', async () => {
    const { requests, call } = calling(answer(200));
    await call('https://example.com/', { account: STRANGER });
    expect(requests[0]?.headers).not.toHaveProperty('x-twilio-signature');
  });
  it('has a token for repetitions that says: this fact, at this URL', async () => {
    const { requests, call } = calling(answer(200));
    await call('https://example.com/');
    await call('https://example.com/');
    await call('https://example.com/', { fact: 'SM1 delivered' });
    await call('https://example.com/other');
    const tokens = requests.map(({ headers }) => headers?.['i-twilio-idempotency-token']);
    expect(tokens[0]).toBe(tokens[1]);
    expect(new Set(tokens).size).toBe(3);
  });
});
