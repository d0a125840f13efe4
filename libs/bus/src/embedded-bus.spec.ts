import type { PublicEvent } from '@atelier/contracts';
import { silentLog } from '@atelier/platform';
import { eventually } from '@atelier/testing';
import { busContract } from './bus.contract';
import { createEmbeddedBus } from './embedded-bus';
import { MemoryTopic } from './memory-topic';
import type { TopicSource } from './topic-source.port';
import { topicSourceContract } from './topic-source.contract';

const event = (id: string) => ({ id, source: '/tests', type: 'thing.happened', time: '2026-01-31T12:00:00.000Z', data: {} });
const topicOf = (shards = 2) => new MemoryTopic('atelier.flows.events', 'flows', shards);
const busOver = (source: TopicSource, pollMs = 20) => createEmbeddedBus([source], silentLog, { pollMs, retryMs: 1, batchEventsMax: 100 });

topicSourceContract('a topic in memory', async () => {
  const source = topicOf();
  return { source, append: async () => source.append(0, [event('e')]) };
});

busContract('the embedded bus', async () => {
  const source = topicOf();
  const buses = [busOver(source)];
  return {
    bus: buses[0] as (typeof buses)[0],
    publish: async (shard, events) => source.append(shard, events),
    restart: async () => {
      await buses[0]?.close();
      buses.push(busOver(source));
      return buses[1] as (typeof buses)[0];
    },
    another: () => {
      buses.push(busOver(source));
      return buses.at(-1) as (typeof buses)[0];
    },
    close: async () => void (await Promise.all(buses.map((bus) => bus.close()))),
  };
});

// What only this adapter can meet: it reads the owner's log itself.
describe('a reader of the owner’s log', () => {
  const consumer = (seen: PublicEvent[], positions: number[] = []) => ({
    topic: 'atelier.flows.events' as const,
    group: 'tests',
    position: async () => {
      positions.push(seen.length);
      return seen.length;
    },
    handle: async ({ messages }: { messages: readonly PublicEvent[] }) => void seen.push(...messages),
    deadLetter: async () => undefined,
  });

  it('finds what was appended without a hint by polling', async () => {
    const source = topicOf(1);
    const deaf: TopicSource = Object.assign(Object.create(source) as TopicSource, { onAppend: () => () => undefined });
    const bus = busOver(deaf);
    const seen: PublicEvent[] = [];
    await bus.subscribe(consumer(seen));
    source.append(0, [event('a')]);
    await eventually('the event', () => seen.length === 1);
    await bus.close();
  });

  it('is woken by a hint long before it would poll', async () => {
    const source = topicOf(1);
    const bus = busOver(source, 60_000);
    const seen: PublicEvent[] = [];
    await bus.subscribe(consumer(seen));
    for (let i = 0; i < 50; i++) {
      source.append(0, [event(`e${i}`)]);
      await eventually('the event', () => seen.length === i + 1);
    }
    await bus.close();
  });

  it('stops at a gap, and reads again from where its store stands until the owner has the missing event', async () => {
    const source = topicOf(1);
    source.append(0, [event('a'), event('b'), event('c')]);
    let isMissing = true;
    const gapped: TopicSource = Object.assign(Object.create(source) as TopicSource, {
      read: async (shard: number, after: number, limit: number) => (await source.read(shard, after, limit)).filter(({ id }) => !(isMissing && id === 'b')),
    });
    const bus = busOver(gapped);
    const seen: PublicEvent[] = [];
    const positions: number[] = [];
    await bus.subscribe(consumer(seen, positions));
    await eventually('several tries', () => positions.length > 3);
    expect(seen).toEqual([]);
    isMissing = false;
    await eventually('all events', () => seen.length === 3);
    expect(seen.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    await bus.close();
  });

  it('refuses a topic that nobody publishes here, and a second reader of one group', async () => {
    const bus = busOver(topicOf(1));
    await expect(bus.subscribe({ ...consumer([]), topic: 'atelier.audit.events' })).rejects.toThrow('expected a source of atelier.audit.events');
    await bus.subscribe(consumer([]));
    await expect(bus.subscribe(consumer([]))).rejects.toThrow('found a second');
    await bus.close();
  });
});
