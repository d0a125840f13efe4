import { Fault } from '@atelier/contracts';
import { SampleProvider, context } from './sample-provider';

let provider: SampleProvider;
beforeEach(async () => void (provider = await SampleProvider.start()));
afterEach(() => provider.close());

describe('effects', () => {
  it('are counted by kind and outcome', async () => {
    const performer = provider.effects();
    await provider.perform(provider.request({}), performer);
    await provider.perform(provider.request({}), performer);
    await provider.perform(provider.request({ url: '' }), performer);
    expect(performer.counts()).toEqual([
      { kind: 'http.request', outcome: 'succeeded', count: 2, totalMs: expect.any(Number) },
      { kind: 'http.request', outcome: 'failed', count: 1, totalMs: expect.any(Number) },
    ]);
  });

  it('cut off by a worker that stops have no outcome', async () => {
    const stop = new AbortController();
    provider.answer = () => stop.abort();
    await expect(provider.perform(provider.request({ method: 'POST' }), provider.effects(), context({ signal: stop.signal }))).rejects.toBeInstanceOf(Fault);
  });

  it('are made unsigned where the account has no token', async () => {
    await provider.perform(provider.request({}), provider.effects(true, { tokens: async () => [] }));
    expect(provider.seen[0]?.headers).not.toHaveProperty('x-twilio-signature');
  });
});
