/**
 * Topics of one process: readers read the publishing context's own log through its TopicSource; nothing is copied.
 *
 * B1. At least once and in order within a shard; the consumer's own position says what it has seen (A3).
 * B2. A gap stops the shard: the log is read again from the consumer's position, never past the gap.
 * B3. A batch whose handling fails is delivered again after a pause; nothing is skipped. There are no dead letters on this bus yet: a record
 *     that can never be handled holds its shard and says so in the log.
 */
import type { PublicEvent, TopicName } from '@atelier/contracts';
import type { Log } from '@atelier/platform';
import type { Bus, Subscription } from './bus.port';
import type { TopicSource } from './topic-source.port';

const BATCH_MAX = 500; // events handled at once
const POLL_MS = 1_000; // hints may be lost; this is how late a reader can be then
const RETRY_MS = 250;

type Reader = { stop(): Promise<void> };

/** A bus over these sources. Subscribing to a topic that none of them owns is a mistake of the composition. */
export const createEmbeddedBus = (sources: readonly TopicSource[], log: Log): Bus => {
  const readers = new Set<Reader>();
  const sourceOf = (topic: TopicName): TopicSource => {
    const source = sources.find((candidate) => candidate.topic === topic);
    if (!source) throw new Error(`no context of this process publishes ${topic}`);
    return source;
  };
  return {
    subscribe: (subscription) => {
      const source = sourceOf(subscription.topic);
      const mine = Array.from({ length: source.shards }, (_, shard) => startReader(source, shard, subscription, log));
      for (const reader of mine) readers.add(reader);
      return Promise.resolve(async () => {
        await Promise.all(mine.map((reader) => reader.stop()));
        for (const reader of mine) readers.delete(reader);
      });
    },
    close: async () => void (await Promise.all([...readers].map((reader) => reader.stop()))),
  };
};

const startReader = (source: TopicSource, shard: number, subscription: Subscription, log: Log): Reader => {
  let stopped = false;
  let isAwake = true;
  let rouse: (() => void) | undefined;
  const wake = (grown: number): void => {
    if (grown !== shard) return;
    isAwake = true;
    rouse?.();
  };
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
      if (isAwake || stopped) rouse();
    });
  const loop = async (): Promise<void> => {
    let position: number | undefined; // unknown until the consumer's store says it, and after each failure
    while (!stopped) {
      isAwake = false;
      try {
        position = await delivered(source, shard, subscription, position ?? (await subscription.position(source.log, shard)));
        await sleep(POLL_MS);
      } catch (error) {
        position = undefined;
        log.warn({ topic: source.topic, shard, group: subscription.group, error: String(error) }, 'a batch could not be handled; trying again');
        await pause(RETRY_MS);
      }
    }
  };
  const unhook = source.onAppend(wake);
  const done = loop();
  return {
    stop: async () => {
      stopped = true;
      unhook();
      rouse?.();
      await done;
    },
  };
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

// Hands on everything that is there; the position after it.
const delivered = async (source: TopicSource, shard: number, { topic, handle }: Subscription, from: number): Promise<number> => {
  for (let position = from; ; ) {
    const messages = await source.read(shard, position, BATCH_MAX);
    if (messages.length === 0) return position;
    assertDense(messages, position, source.log);
    await handle({ topic, log: source.log, shard, messages });
    position = messages.at(-1)?.pos ?? position;
  }
};

const assertDense = (messages: readonly PublicEvent[], after: number, log: string): void => {
  messages.forEach(({ pos }, i) => {
    if (pos !== after + i + 1) throw new Error(`a gap in ${log}: expected position ${after + i + 1}, found ${pos}`);
  });
};
