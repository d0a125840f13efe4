import { isSigned } from '@atelier/twilio-client';
import type { RequestedEffect } from '../worker/effect-performer.port';
import { SampleProvider, TOKEN, context, requested } from './sample-provider';

let provider: SampleProvider;
beforeEach(async () => void (provider = await SampleProvider.start()));
afterEach(() => provider.close());

describe('running a Function', () => {
  const run = (parameters: [string, string][] = [['a', '1'], ['a', '2']]): RequestedEffect['effect'] => ({ kind: 'function.run', request: { url: `${provider.origin}/fn`, parameters } });

  it('posts a signed form', async () => {
    provider.answer = (_, response) => void response.writeHead(200, { 'content-type': 'text/plain', 'x-twilio-function-concurrency': '3', 'x-other': '1' }).end('done');
    expect(await provider.perform(run())).toEqual({
      ok: true,
      payload: { status: 200, contentType: 'text/plain', body: 'done', headers: { 'x-twilio-function-concurrency': '3' } },
    });
    expect(provider.seen[0]).toMatchObject({ method: 'POST', path: '/fn', body: 'a=1&a=2' });
    const signature = String(provider.seen[0]?.headers['x-twilio-signature']);
    expect(isSigned({ url: `${provider.origin}/fn`, signature, body: { kind: 'form', form: { a: ['1', '2'] } } }, [TOKEN])).toBe(true);
  });

  it('takes a redirect as its answer', async () => {
    provider.answer = (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end();
    expect(await provider.perform(run())).toMatchObject({ ok: true, payload: { status: 302 } });
    expect(provider.seen).toHaveLength(1);
  });

  it('without an answer fails: 81010', async () => {
    provider.answer = (_, __, raw) => raw.socket.destroy();
    expect(await provider.perform(run())).toMatchObject({ ok: false, code: 81010 });
  });

  it('at a URL that is a template fails: 81010', async () => {
    expect(await provider.perform({ kind: 'function.run', request: { url: '{{flow.data.url}}', parameters: [] } })).toMatchObject({ ok: false, code: 81010 });
  });

  it('that was lost is unknown', async () => expect(await provider.effects().reconcile(requested(run()), context())).toMatchObject({ ok: false, code: 81010, unknown: true }));
});
