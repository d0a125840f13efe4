import { Defect } from '@atelier/contracts';
import { type Log, systemClock } from '@atelier/platform';
import type { Bus, Subscription } from './bus.port';
import { type ReaderOptions, ShardReader } from './shard-reader';
import type { TopicSource } from './topic-source.port';

const BATCH_EVENTS_MAX = 500; // one statement of a consumer; more gains little and holds locks longer
const POLL_MS = 1_000; // finds what another process appended
const RETRY_MS = 100;

/** Left out: the values above and the system's clock. */
export type EmbeddedBusOptions = Partial<Omit<ReaderOptions, 'log'>>;

/** The bus without a broker: readers read the owners' logs through the TopicSource port; nothing is copied. Invariants: shard-reader.ts. */
export const createEmbeddedBus = (sources: readonly TopicSource[], log: Log, options: EmbeddedBusOptions = {}): Bus => {
  const reader: ReaderOptions = { log, clock: systemClock, batchEventsMax: BATCH_EVENTS_MAX, pollMs: POLL_MS, retryMs: RETRY_MS, ...options };
  const running = new Map<string, { readonly readers: readonly ShardReader[]; stop(): Promise<void> }>();

  const subscribe = async (subscription: Subscription): Promise<() => Promise<void>> => {
    const { group, topic } = subscription;
    const published = sources.filter((source) => source.topic === topic);
    if (published.length === 0) throw new Defect(`expected a source of ${topic}, found ${sources.map((source) => source.topic).join(', ') || 'none'}`);
    if (running.has(`${group} ${topic}`)) throw new Defect(`expected one subscription of ${topic} by group ${group} in a process, found a second`);
    const started = published.map((source) => startReaders(source, subscription, reader));
    const stop = async (): Promise<void> => {
      running.delete(`${group} ${topic}`);
      await Promise.all(started.map((each) => each.stop()));
    };
    running.set(`${group} ${topic}`, { readers: started.flatMap(({ readers }) => readers), stop });
    return stop;
  };

  return {
    subscribe,
    lag: () => Promise.all([...running.values()].flatMap(({ readers }) => readers.map((each) => each.lag()))),
    close: async () => void (await Promise.all([...running.values()].map(({ stop }) => stop()))),
  };
};

const startReaders = (source: TopicSource, subscription: Subscription, options: ReaderOptions) => {
  const readers = Array.from({ length: source.shards }, (_, shard) => new ShardReader(source, shard, subscription, options));
  const unlisten = source.onAppend((shard) => readers[shard]?.wake());
  const stop = async (): Promise<void> => {
    unlisten();
    await Promise.all(readers.map((each) => each.stop()));
  };
  return { readers, stop };
};
