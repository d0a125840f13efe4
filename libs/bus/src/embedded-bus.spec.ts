import type { PublicEvent } from '@atelier/contracts';
import { silentLog } from '@atelier/platform';
import { eventually } from '@atelier/testing';
import { createEmbeddedBus } from './embedded-bus';
import type { TopicSource } from './topic-source.port';

const event = (pos: number): PublicEvent => ({
  specversion: '1.0', id: `${pos}`, source: '/s', type: 't', time: '2026-01-31T12:00:00Z', datacontenttype: 'application/json', log: 'flows', shard: 0, pos, data: {},
});

const logOf = (events: PublicEvent[]) => {
  const wakes = new Set<(shard: number) => void>();
  const source: TopicSource = {
    topic: 'atelier.flows.events',
    log: 'flows',
    shards: 1,
    read: (_, after, limit) => Promise.resolve(events.filter(({ pos }) => pos > after).slice(0, limit)),
    end: () => Promise.resolve(events.length),
    onAppend: (wake) => {
      wakes.add(wake);
      return () => void wakes.delete(wake);
    },
  };
  const append = (more: PublicEvent): void => {
    events.push(more);
    for (const wake of wakes) wake(0);
  };
  return { source, append };
};

const consumer = (failures = 0) => {
  const seen: number[] = [];
  let left = failures;
  return {
    seen,
    subscription: {
      topic: 'atelier.flows.events' as const,
      group: 'spec',
      position: () => Promise.resolve(seen.at(-1) ?? 0),
      handle: ({ messages }: { messages: readonly PublicEvent[] }) => {
        if (left-- > 0) return Promise.reject(new Error('the store is away'));
        seen.push(...messages.map(({ pos }) => pos));
        return Promise.resolve();
      },
    },
  };
};

describe('the embedded bus', () => {
  it('delivers what was there and what comes, in order, each once', async () => {
    const { source, append } = logOf([event(1), event(2)]);
    const bus = createEmbeddedBus([source], silentLog);
    const { seen, subscription } = consumer();
    await bus.subscribe(subscription);
    await eventually('the first two', () => seen.length === 2);
    append(event(3));
    await eventually('the third', () => seen.length === 3, 500); // sooner than the poll: the hint woke it
    await bus.close();
    expect(seen).toEqual([1, 2, 3]);
  });

  it('delivers a batch again that could not be handled, and skips nothing', async () => {
    const { source } = logOf([event(1), event(2)]);
    const bus = createEmbeddedBus([source], silentLog);
    const { seen, subscription } = consumer(2);
    await bus.subscribe(subscription);
    await eventually('both', () => seen.length === 2);
    await bus.close();
    expect(seen).toEqual([1, 2]);
  });

  it('does not pass a gap, and goes on when it is filled', async () => {
    const events = [event(2)];
    const { source, append } = logOf(events);
    const bus = createEmbeddedBus([source], silentLog);
    const { seen, subscription } = consumer();
    await bus.subscribe(subscription);
    await eventually('a look at the gap', async () => (await source.end(0)) === 1);
    expect(seen).toEqual([]);
    events.unshift(event(1));
    append(event(3));
    await eventually('all three', () => seen.length === 3);
    await bus.close();
    expect(seen).toEqual([1, 2, 3]);
  });
});
