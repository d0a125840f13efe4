import type { PublicEvent, TopicName } from '@atelier/contracts';

/** One batch of one shard of a topic, at least once and in order; positions tell what has been seen. */
export type Batch = { readonly topic: TopicName; readonly log: string; readonly shard: number; readonly messages: readonly PublicEvent[] };

/** One event that its consumer cannot handle, and why. */
export type DeadLetter = { readonly topic: TopicName; readonly event: PublicEvent; readonly reason: string };

/** How far a consumer has read what others write, by the clock of the broker: what comes again after its key was forgotten is known by that. */
export type ReadTimes = {
  /** How long keys of idempotency are remembered, in milliseconds. */
  readonly rememberedMs: number;
  /** Everything from before this moment was handled, in milliseconds since 1970; 0 where nothing is known. */
  readonly of: (log: string, shard: number) => Promise<number>;
  /** Never moves back. */
  readonly passed: (log: string, shard: number, atMs: number) => Promise<void>;
};

export type Subscription = {
  readonly topic: TopicName;
  /** Consumers of one group share the work; each group sees everything. */
  readonly group: string;
  /**
   * Where this consumer stands, from its own store: events up to here are not delivered again. `end`: it stores nothing and wants only what
   * comes from now on, as caches do.
   */
  readonly position: (log: string, shard: number) => Promise<number | 'end'>;
  /**
   * Stores effect and position in one statement. Throwing a Fault means: again later, nothing is skipped. A Rejection, or anything else three
   * times alone, is a dead letter.
   */
  readonly handle: (batch: Batch) => Promise<void>;
  /**
   * Stores the letter and the position behind it in one statement; the shard goes on. Until that succeeds it is tried again. Left out: the shard
   * stands still at what cannot be handled, and says so.
   */
  readonly deadLetter?: (letter: DeadLetter) => Promise<void>;
  /** For topics that others write, where the keys of their records are not remembered for ever. */
  readonly readTimes?: ReadTimes;
};

/** How far one consumer is behind in one shard: events not handled yet, and the age of the oldest of them in seconds. */
export type Lag = {
  readonly group: string;
  readonly topic: TopicName;
  readonly log: string;
  readonly shard: number;
  readonly events: number;
  readonly seconds: number;
  /** Failures in a row; above 0 the shard stands still and tries again. */
  readonly failures: number;
  /** Letters since the process started. */
  readonly deadLetters: number;
};

export interface Bus {
  /** Delivers from now on; answers how to stop, which finishes the batch in hand. Nobody publishing the topic here is a Defect. */
  subscribe(subscription: Subscription): Promise<() => Promise<void>>;
  lag(): Promise<readonly Lag[]>;
  close(): Promise<void>;
}
