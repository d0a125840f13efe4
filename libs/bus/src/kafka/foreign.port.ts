/** A record that others wrote. It has no position of ours: its key of its own decides what was seen, and offsets are hints. */
export type ForeignRecord = {
  readonly partition: number;
  readonly offset: string;
  readonly key: string | undefined;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  /** When the topic took it. */
  readonly time: string;
};

/** ReadTimes of the partitions of one topic. */
export type PartitionTimes = {
  readonly rememberedMs: number;
  readonly of: (partition: number) => Promise<number>;
  readonly passed: (partition: number, atMs: number) => Promise<void>;
};

export type ForeignLetter = { readonly topic: string; readonly record: ForeignRecord; readonly reason: string };

export type ForeignSubscription = {
  readonly topic: string;
  readonly group: string;
  /**
   * Stores what the records cause, keyed by what is in them: the same record may come again. Throwing a Fault means: again later, nothing of the
   * partition is skipped. A Rejection, or anything else three times alone, is a dead letter.
   */
  readonly handle: (records: readonly ForeignRecord[]) => Promise<void>;
  /** Told after the record was put on the topic of dead letters; until it succeeds the partition stands still. */
  readonly deadLetter?: (letter: ForeignLetter) => Promise<void>;
  /** Left out: keys are remembered for ever, so whatever comes again is handed over again. */
  readonly readTimes?: PartitionTimes;
};
