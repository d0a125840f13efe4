import type { TopicSource } from '@atelier/bus';
import type { PublicEvent, TopicName } from '@atelier/contracts';
import type { EventStore, Recorded } from './event-store';

export type TopicOptions = {
  readonly topic: TopicName;
  readonly log: string;
  /** Every stored event is one public event, so that positions stay dense (A3). */
  readonly publish: (event: Recorded) => PublicEvent;
};

/** A context's log as a topic of one shard. */
export const topicSourceOf = (store: EventStore, { topic, log, publish }: TopicOptions): TopicSource => ({
  topic,
  log,
  shards: 1,
  read: async (_shard, after, limit) => (await store.readLog(after, limit)).map(publish),
  end: () => store.end(),
  onAppend: (wake) => store.onAppend(() => wake(0)),
});
