/**
 * The life of one consumer on Kafka: it joins its group, and where kafkajs gives up, a new one is made until it is stopped.
 *
 * C1. Ownership proves nothing: after a rebalance the old owner may go on with its batch, and with another one beside it. What handles records has to
 *     bear that (A3).
 * C2. Kafka offsets are hints: they are committed after what they stand for, and say only where reading begins.
 * C3. Where the broker lost what an offset points at, reading begins at the start of what it has.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@atelier/platform';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { KafkaOptions } from './kafka-config';
import { createKafkaClient, topicOn } from './kafka-client';
import { waitAfter } from '../shard-delivery';

/** A record as it came, with the place that only Kafka gives meaning to. */
export type RawRecord = {
  readonly partition: number;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whether the broker said so, when it took the record; else whoever wrote it. */
  readonly isBrokersTime: boolean;
};

/** Records of one partition, in order, and what can be said about them. */
export type RawBatch = {
  readonly partition: number;
  readonly records: readonly RawRecord[];
  /** Records that are there and were not read yet. */
  readonly unread: number;
  /** Keeps the membership while records are handled; throws where the group has moved on. */
  heartbeat(): Promise<void>;
  /** Whether what is left of the batch is no longer wanted: a place was sought, or the consumer is being stopped. */
  isStale(): boolean;
  /** The next fetch begins behind this record. */
  read(offset: string): void;
  /** Where a new member begins, or this one after it had to join again: a hint. */
  commit(nextOffset: string): Promise<void>;
};

export type ConsumerOptions = {
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly topic: string;
  readonly groupId: string;
  /** `end`: a group of this process alone, which reads what comes from now on and commits nothing. */
  readonly from: 'beginning' | 'end';
  readonly onBatch: (batch: RawBatch) => Promise<void>;
  /** These are the partitions of this member from now on; they may have been somebody else's meanwhile. */
  readonly onAssigned?: (partitions: readonly number[]) => void;
};

const SESSION_MS = 10_000; // a member that was killed is missed after this
const HEARTBEAT_MS = 1_000;
const FETCH_WAIT_MS = 100; // records are answered at once; this bounds how long stopping and seeking wait
const FETCH_PARTITION_BYTES = 1_048_576;
const PARTITIONS_AT_ONCE = 8;
const AGAIN_MS = 1_000;

export class ConsumerLife {
  private readonly stopping = new AbortController();
  private current: Consumer | undefined;
  private readonly places = new Map<number, string>(); // of `end`: where the next fetch of a partition begins
  private readonly ended: Promise<void>;
  private failures = 0;
  isUp = false;

  constructor(private readonly life: ConsumerOptions) {
    this.ended = this.run();
  }

  /** Finishes the batch in hand. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }

  /** Reads a partition again from here. */
  seek(partition: number, offset: string): void {
    if (this.isUp) this.current?.seek({ topic: this.topic, partition, offset });
  }

  pause(partition: number): void {
    if (this.isUp) this.current?.pause([{ topic: this.topic, partitions: [partition] }]);
  }

  resume(partition: number): void {
    if (this.isUp) this.current?.resume([{ topic: this.topic, partitions: [partition] }]);
  }

  private get topic(): string {
    return topicOn(this.life.options, this.life.topic);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        const kafka = await createKafkaClient(this.life.options, this.life.log);
        if (this.life.from === 'end') await this.rememberEnds(kafka);
        await this.live(kafka);
      } catch (error) {
        this.life.log.warn({ topic: this.topic, group: this.life.groupId, err: error }, 'consumer ended; another one is made');
        await sleep(waitAfter(this.failures++, AGAIN_MS), undefined, { signal: this.stopping.signal }).catch(() => undefined); // stopping ends the wait
      }
    }
  }

  private async live(kafka: Kafka): Promise<void> {
    const consumer = kafka.consumer({
      groupId: this.life.groupId,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: FETCH_PARTITION_BYTES,
      retry: { retries: 5, restartOnFailure: async () => false }, // a new one is made here instead
    });
    const crashed = new Promise<never>((_, reject) => consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error)));
    const stopped = new Promise<void>((resolve) => this.stopping.signal.addEventListener('abort', () => resolve(), { once: true }));
    crashed.catch(() => undefined); // heard below, or nobody is left to hear it
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => this.joined(consumer, payload.memberAssignment[this.topic] ?? []));
    try {
      await consumer.connect();
      await consumer.subscribe({ topic: this.topic, fromBeginning: true });
      this.current = consumer;
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
        eachBatch: (payload) => this.take(payload, consumer),
      });
      await (this.stopping.signal.aborted ? undefined : Promise.race([crashed, stopped]));
    } finally {
      this.isUp = false;
      await consumer.disconnect().catch((error: unknown) => this.life.log.debug({ topic: this.topic, err: error }, 'consumer could not say goodbye'));
      this.current = undefined;
    }
  }

  private joined(consumer: Consumer, partitions: readonly number[]): void {
    this.isUp = true;
    this.failures = 0;
    for (const [partition, offset] of this.places) consumer.seek({ topic: this.topic, partition, offset });
    this.life.onAssigned?.(partitions);
  }

  // Once for each partition: what came while this consumer was away is read after that.
  private async rememberEnds(kafka: Kafka): Promise<void> {
    if (this.places.size > 0) return;
    const admin = kafka.admin();
    try {
      await admin.connect();
      for (const { partition, high } of await admin.fetchTopicOffsets(this.topic)) this.places.set(partition, high);
    } finally {
      await admin.disconnect();
    }
  }

  private async take({ batch, heartbeat, isStale, isRunning, resolveOffset }: EachBatchPayload, consumer: Consumer): Promise<void> {
    const last = batch.messages.at(-1);
    if (!last) return resolveOffset(batch.lastOffset());
    const { partition } = batch;
    await this.life.onBatch({
      partition,
      records: batch.messages.map((message) => recordOf(message, partition)),
      unread: Math.max(0, Number(BigInt(batch.highWatermark) - BigInt(last.offset)) - 1),
      heartbeat,
      isStale: () => isStale() || !isRunning() || this.stopping.signal.aborted,
      read: resolveOffset,
      commit: async (offset) => {
        if (this.life.from === 'end') this.places.set(partition, offset);
        else await consumer.commitOffsets([{ topic: this.topic, partition, offset }]);
      },
    });
  }
}

/** Behind a record. */
export const nextOffset = (offset: string): string => String(BigInt(offset) + 1n);

type Message = EachBatchPayload['batch']['messages'][number];

const recordOf = (message: Message, partition: number): RawRecord => {
  const { offset, key, value, headers = {}, timestamp } = message;
  const { batchContext } = message as { batchContext?: { timestampType?: number } }; // kafkajs hands it out, and its types do not say so
  return { partition, offset, key, value, headers: textsOf(headers), at: Number(timestamp), isBrokersTime: batchContext?.timestampType === LOG_APPEND_TIME };
};

const LOG_APPEND_TIME = 1; // as the protocol numbers it

const textsOf = (headers: Message['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(Array.isArray(value) ? value[0] : value)]));
