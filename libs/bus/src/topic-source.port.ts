import type { PublicEvent, TopicName } from '@atelier/contracts';

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
  /** The last position of a shard: for lag. */
  end(shard: number): Promise<number>;
  /** A hint that a shard has grown; readers poll each second anyway. Answers how to stop listening. */
  onAppend(wake: (shard: number) => void): () => void;
}
