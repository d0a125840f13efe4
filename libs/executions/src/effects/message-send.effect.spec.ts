import { Fault, Rejection } from '@atelier/contracts';
import type { MessageRequest } from '@atelier/widgets';
import type { EffectContext, RequestedEffect } from '../worker/effect-performer.port';
import { ACCOUNT, EXECUTION, FLOW, NOW, STEP, SampleProvider, authenticated, context, json, refusing, requested } from './sample-provider';

const HELLO: MessageRequest = { to: '+15551230001', from: '+15557650001', body: 'Hello' };

let provider: SampleProvider;
beforeEach(async () => void (provider = await SampleProvider.start()));
afterEach(() => provider.close());

const closed = () => Promise.reject(new Rejection('Conflict', { message: `Account ${ACCOUNT} is closed` }));

describe('sending a message', () => {
  const created = json(201, { sid: 'SM1', status: 'queued', to: HELLO.to });
  const hello: RequestedEffect['effect'] = { kind: 'message.send', request: HELLO };

  it('is done with the Studio API Key', async () => {
    provider.answer = created;
    expect(await provider.perform(hello)).toEqual({ ok: true, payload: { Sid: 'SM1', Status: 'queued', To: HELLO.to } });
    expect(provider.seen[0]?.headers.authorization).toBe(authenticated('SK1:secret-1'));
  });

  it.each([
    ['a step that waits', { ...HELLO, awaitsDelivery: true as const }, true, true],
    ['any step whose attempt nobody else could tell about', HELLO, false, true],
    ['no other', HELLO, true, false],
  ])('asks for status reports, which name execution and step: %s', async (_, request, isConclusive, isAsked) => {
    provider.answer = created;
    await provider.effects(isConclusive).perform(requested({ kind: 'message.send', request }), context());
    const url = `https://studio.example.com/v1/Accounts/${ACCOUNT}/Flows/${FLOW}?ExecutionSid=${EXECUTION}&StepSid=${STEP}`;
    expect(new URLSearchParams(provider.seen[0]?.body).get('StatusCallback')).toBe(isAsked ? url : null);
  });

  it('heals a deleted key inside the step: the message is accepted once, with the new key', async () => {
    provider.store.delete();
    provider.answer = refusing('SK1:secret-1', created);
    expect(await provider.perform(hello)).toMatchObject({ ok: true });
    expect(provider.seen.map(({ headers }) => headers.authorization)).toEqual([authenticated('SK1:secret-1'), authenticated('SK2:secret-2')]);
  });

  it('refused though the key exists fails with the provider’s error, and makes no key', async () => {
    provider.answer = json(401, { code: 20003, message: 'Authenticate', status: 401 });
    expect(await provider.perform(hello)).toMatchObject({ ok: false, code: 20003, message: 'Authenticate' });
    expect([provider.seen.length, provider.store.made()]).toEqual([1, 1]);
  });

  it('refused with the new key too gives up: one regeneration a step', async () => {
    provider.store.delete();
    provider.answer = json(401, { code: 20003, message: 'Authenticate', status: 401 });
    expect(await provider.perform(hello)).toMatchObject({ ok: false, code: 20003 });
    expect([provider.seen.length, provider.store.made()]).toEqual([2, 2]);
  });

  it('rejected by the provider tells what was asked for', async () => {
    provider.answer = json(400, { code: 21211, message: 'The number is not valid', status: 400 });
    expect(await provider.perform(hello)).toEqual({
      ok: false,
      code: 21211,
      message: 'The number is not valid',
      payload: { AccountSid: ACCOUNT, To: HELLO.to, From: HELLO.from, Body: 'Hello', Status: 'failed', ErrorCode: 21211, ErrorMessage: 'The number is not valid' },
    });
  });

  it('that the carrier is not available for is looked up where that is conclusive, and fails with its error elsewhere', async () => {
    provider.answer = json(503, { code: 20503, message: 'The service is not available at the moment', status: 503 });
    await expect(provider.perform(hello, provider.effects(true))).rejects.toBeInstanceOf(Fault);
    expect(await provider.perform(hello, provider.effects(false))).toMatchObject({ ok: false, code: 20503 });
  });

  it('that comes too soon for its account waits: nothing was sent', async () => {
    provider.answer = json(429, { code: 20429, message: 'Too many requests', status: 429 });
    expect(await provider.perform(hello)).toMatchObject({ kind: 'postponed', otherwise: { ok: false, code: 20429, payload: { Status: 'failed' } } });
  });

  it('to a carrier where nobody listens waits: nothing was sent', async () => {
    const away = provider.effects();
    provider.stopListening();
    expect(await provider.perform(hello, away)).toMatchObject({ kind: 'postponed', otherwise: { ok: false, code: 81011 } });
  });

  it('whose answer never comes is not an outcome: nobody knows', async () => {
    provider.answer = (_, __, raw) => raw.socket.destroy();
    await expect(provider.perform(hello)).rejects.toBeInstanceOf(Fault);
    expect(provider.seen).toHaveLength(1);
  });

  it('waits out a short absence of the key, then is postponed without end: nothing was sent, and no step fails for us', async () => {
    let asked = 0;
    provider.store.keys.ensure = async () => {
      if (++asked < 3) throw new Fault('away');
      return { sid: 'SK1', secret: 'secret-1' };
    };
    provider.answer = created;
    expect(await provider.perform(hello)).toMatchObject({ ok: true });
    for (const away of [() => Promise.reject(new Fault('away')), () => new Promise<never>(() => undefined)]) {
      provider.store.keys.ensure = away;
      const began = performance.now();
      expect(await provider.perform(hello)).toEqual({ kind: 'postponed', why: expect.any(String) as string });
      expect(performance.now() - began).toBeLessThan(4_900); // a marked effect starts within five seconds, or not at all
    }
    expect(provider.seen).toHaveLength(1);
  });

  it('refused for a key that is gone while nobody can make another is postponed, too', async () => {
    provider.store.keys.replaceRefused = () => Promise.reject(new Fault('away'));
    provider.answer = json(401, { code: 20003, message: 'Authenticate', status: 401 });
    expect(await provider.perform(hello)).toEqual({ kind: 'postponed', why: 'away' });
  });

  it('for an account that may have no key any more fails for certain, with the reason', async () => {
    provider.store.keys.ensure = closed;
    expect(await provider.perform(hello)).toEqual({ ok: false, code: 81011, message: expect.stringContaining('is closed') as string });
    expect(provider.seen).toEqual([]);
  });

  it('refused for an account that was closed meanwhile fails with the provider’s error', async () => {
    provider.store.keys.replaceRefused = closed;
    provider.answer = json(401, { code: 20003, message: 'Authenticate', status: 401 });
    expect(await provider.perform(hello)).toMatchObject({ ok: false, code: 20003, message: 'Authenticate' });
  });
});

describe('a message whose attempt has no outcome', () => {
  const hello = requested({ kind: 'message.send', request: HELLO });
  const found = (sid: string) => ({ sid, body: 'Hello', direction: 'outbound-api', date_created: new Date(NOW).toUTCString() });
  const reconcile = (isConclusive: boolean, values: Partial<EffectContext>) => provider.effects(isConclusive).reconcile(hello, context(values));

  it('is what the look-up finds', async () => {
    provider.answer = json(200, { messages: [found('SM7')] });
    expect(await reconcile(false, {})).toMatchObject({ ok: true, payload: { Sid: 'SM7' } });
  });

  it('is not what another step has already', async () => {
    provider.answer = json(200, { messages: [found('SM8'), found('SM7')] });
    expect(await reconcile(true, { isClaimed: async (sid) => sid === 'SM7' })).toMatchObject({ payload: { Sid: 'SM8' } });
    expect(await reconcile(true, { isClaimed: async () => true })).toBe('wait');
  });

  it('is waited for while the carrier may be busy with it, then attempted again where "not found" is the last word', async () => {
    provider.answer = json(200, { messages: [] });
    expect(await reconcile(true, { nowMs: NOW + 14_999 })).toBe('wait');
    expect(await reconcile(true, { nowMs: NOW + 15_000 })).toBe('again');
  });

  it('is waited for a minute at Twilio, then unknown: never sent twice', async () => {
    provider.answer = json(200, { messages: [] });
    expect(await reconcile(false, { nowMs: NOW + 59_999 })).toBe('wait');
    expect(await reconcile(false, { nowMs: NOW + 60_000 })).toMatchObject({ ok: false, unknown: true });
  });

  it('is unknown after a minute where the account may not ask any more', async () => {
    provider.store.keys.ensure = closed;
    expect(await reconcile(true, { nowMs: NOW + 59_999 })).toBe('wait');
    expect(await reconcile(true, { nowMs: NOW + 60_000 })).toMatchObject({ ok: false, unknown: true });
  });

  it('stays open while the provider cannot be asked', async () => {
    provider.answer = json(503, {});
    await expect(reconcile(true, { nowMs: NOW + 99_999 })).rejects.toBeInstanceOf(Fault);
  });
});
