import type { PublicEvent, TopicName } from '@atelier/contracts';

/** One batch of one shard of a topic, at least once and in order; positions tell what has been seen. */
export type Batch = { readonly topic: TopicName; readonly log: string; readonly shard: number; readonly messages: readonly PublicEvent[] };

export type Subscription = {
  readonly topic: TopicName;
  /** Consumers of one group share the work; each group sees everything. */
  readonly group: string;
  /** Where this consumer stands, from its own store: events up to here are not delivered again. */
  readonly position: (log: string, shard: number) => Promise<number>;
  /** Stores effect and position in one statement. Throwing a Fault means: again later; anything else three times alone: dead letter. */
  readonly handle: (batch: Batch) => Promise<void>;
};

export interface Bus {
  subscribe(subscription: Subscription): Promise<() => Promise<void>>;
  close(): Promise<void>;
}
