import type { PublicEvent, TopicName } from '@atelier/contracts';

/** What to read of one shard: events after a position, and how many at the most. */
export type ShardSpan = { readonly shard: number; readonly after: number; readonly limit: number };

/**
 * What every publishing context offers: its own log as public events (invariants A3, A4). Events of one shard have dense positions
 * from 1; `read` answers those after a position, in order, and never skips one.
 */
export interface TopicSource {
  readonly topic: TopicName;
  /** Name of the log, as it stands in the events. */
  readonly log: string;
  /** Shards are numbered from 0. */
  readonly shards: number;
  read(shard: number, after: number, limit: number): Promise<readonly PublicEvent[]>;
  /** The same of several shards at once, answered in the order of the spans; where one cannot be read, none is. Left out where there is one shard. */
  readShards?(spans: readonly ShardSpan[]): Promise<readonly (readonly PublicEvent[])[]>;
  /** The last position of a shard: for lag. */
  end(shard: number): Promise<number>;
  /** A hint that a shard has grown; readers poll each second anyway. Answers how to stop listening. */
  onAppend(wake: (shard: number) => void): () => void;
}

/** Reads several shards of a source, by one question where it takes one. */
export const readShards = (source: TopicSource, spans: readonly ShardSpan[]): Promise<readonly (readonly PublicEvent[])[]> =>
  source.readShards && spans.length > 1 ? source.readShards(spans) : Promise.all(spans.map(({ shard, after, limit }) => source.read(shard, after, limit)));
