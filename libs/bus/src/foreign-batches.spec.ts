import type { PublicEvent } from '@atelier/contracts';
import type { Batch, Subscription } from './bus.port';
import { withForeignTopics } from './foreign-batches';
import type { ForeignRecord, ForeignSubscription } from './kafka/foreign.port';

const data = { account_sid: `AC${'a'.repeat(32)}`, flow_sid: `FW${'f'.repeat(32)}`, to: '+15551230001', from: '+15557650001', idempotency_key: 'k' };
const trigger = (over: object = {}): string => JSON.stringify({ specversion: '1.0', type: 'atelier.trigger.v1', source: '/orders', id: '1', data, ...over });
const record = (value: string, offset = '0'): ForeignRecord => ({ partition: 2, offset, key: 'a key', value, headers: {}, time: '2026-01-31T12:00:00.000Z' });

/** A consumer, and what the bus would call for it. */
const subscribed = async (over: Partial<Subscription> = {}) => {
  const batches: Batch[] = [];
  let foreign: ForeignSubscription | undefined;
  const own: string[] = [];
  const bus = withForeignTopics({
    subscribe: async ({ topic }) => (own.push(topic), async () => undefined),
    subscribeForeign: async (subscription) => ((foreign = subscription), async () => undefined),
    lag: async () => [],
    close: async () => undefined,
  });
  await bus.subscribe({ topic: 'atelier.triggers', group: 'triggers', position: async () => 40, handle: async (batch) => void batches.push(batch), ...over });
  return { batches, own, foreign };
};
const messages = (batches: readonly Batch[]): readonly PublicEvent[] => batches.flatMap((batch) => batch.messages);

describe('records that others write', () => {
  it('get the positions behind that of their consumer, in their order, whatever stands in them', async () => {
    const { batches, foreign } = await subscribed();
    await foreign?.handle([record(trigger()), record(trigger({ log: 'flows', shard: 9, pos: 1 }), '1')]);
    expect(batches).toMatchObject([{ topic: 'atelier.triggers', log: 'kafka/atelier.triggers', shard: 2 }]);
    expect(messages(batches).map(({ log, shard, pos }) => [log, shard, pos])).toEqual([
      ['kafka/atelier.triggers', 2, 41],
      ['kafka/atelier.triggers', 2, 42],
    ]);
  });

  it('of a newer version are taken with the fields that nobody knows here', async () => {
    const { batches, foreign } = await subscribed();
    await foreign?.handle([record(trigger({ traceparent: '00-1', data: { ...data, priority: 'high' } }))]);
    expect(messages(batches)).toMatchObject([{ traceparent: '00-1', subject: 'a key', time: '2026-01-31T12:00:00.000Z', data: { idempotency_key: 'k', priority: 'high' } }]);
  });

  it.each([
    ['no JSON', 'no JSON'],
    ['a list', '[]'],
    ['a newer type', trigger({ type: 'atelier.trigger.v2' })],
    ['a type that lacks a field', trigger({ data: { ...data, to: undefined } })],
  ])('that are %s are refused together with their neighbours, so that the bus finds them; buried, they are given to the consumer alone', async (_, value) => {
    const { batches, foreign } = await subscribed();
    await expect(foreign?.handle([record(trigger()), record(value, '1')])).rejects.toMatchObject({ name: 'InvalidParameter' });
    expect(batches).toEqual([]);
    await foreign?.deadLetter?.({ topic: 'atelier.triggers', record: record(value, '1'), reason: 'why' });
    expect(messages(batches)).toMatchObject([{ log: 'kafka/atelier.triggers', shard: 2, pos: 41, subject: 'a key' }]);
  });

  it('need a consumer that stores what it has done', async () => {
    const { foreign } = await subscribed({ position: async () => 'end' });
    await expect(foreign?.handle([record(trigger())])).rejects.toMatchObject({ name: 'Defect' });
  });

  it('of our own topics are none: those have positions already', async () => {
    const { own, foreign } = await subscribed({ topic: 'atelier.flows.events' });
    expect([own, foreign]).toEqual([['atelier.flows.events'], undefined]);
  });
});
