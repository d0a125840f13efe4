/**
 * Publishes a context's log on Kafka. It owns how far each shard was sent while the process lives; it assumes that the log is dense (A4) and that the
 * positions it is given outlive it.
 *
 * K1. After the commit only, in the order of each shard, none skipped: what follows position n is sent when n was, and a gap in the log holds the shard.
 * K2. A position is marked soon after the records up to it are acknowledged by all copies in sync. A crash in between sends them again.
 * K3. After a start the last event of each shard is sent once more: whoever was cut off behind it sees the gap and asks (republish.ts).
 * K4. A partition that ends before what was acknowledged has lost records: they are sent again. A topic made anew is filled from the log.
 * K5. After a failed send its outcome is unknown, and kafkajs would give the same sequence numbers to other records, which a broker that had stored the
 *     first takes for repeats and drops: a producer that failed is never used again.
 * K6. Two publishers of one source do no harm: consumers drop what they have seen (A3).
 * K7. A record that the broker refuses for its size holds its own shard, which says so and tries again; the others go on.
 * K8. What was lost and sent again has other offsets, and a consumer's may lie behind some of it: a little later the last event of each such shard is sent
 *     once more, so that it sees the gap and asks.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { type Clock, type Log, systemClock } from '@atelier/platform';
import { Hint } from '../hint';
import { waitAfter } from '../shard-delivery';
import type { TopicSource } from '../topic-source.port';
import { ConsumerLife, nextOffset } from './consumer-life';
import type { KafkaOptions } from './kafka-config';
import type { PublishedPositions } from './published-positions';
import { type PublisherLag, type Read, lagOf } from './publisher-place';
import { PublisherPlaces } from './publisher-places';
import { PublisherReads } from './publisher-reads';
import { PublisherSession } from './publisher-session';
import { Refusals, isTooLarge } from './refusals';
import { SentHistory } from './sent-history';
import { REPUBLISH_TOPIC } from './topic-plan';

export type PublisherOptions = {
  readonly options: KafkaOptions;
  readonly source: TopicSource;
  readonly positions: PublishedPositions;
  readonly log: Log;
  /** The shards that this process publishes, asked again and again; left out: all. */
  readonly owns?: (shard: number) => boolean;
  readonly pollMs?: number;
  /** Left out: the system's. */
  readonly clock?: Clock;
};

export type KafkaPublisher = {
  /** Of each shard that this process publishes. */
  lag(): Promise<readonly PublisherLag[]>;
  /** Whether the last attempt to publish succeeded. */
  isUp(): boolean;
  /** Finishes the send in hand. */
  close(): Promise<void>;
};

const POLL_MS = 1_000; // finds what another process appended
const LOOK_MS = 5_000; // how late a lost tail is noticed where nothing new is published
const RETRY_MS = 100;
const ROUND_EACH_MS = 20; // where few events come in: a send costs the broker and us about the same for one event as for a hundred; the first after a pause waits for nothing
const MANY = 1_000;
const MARK_MS = 100; // what is sent again after a crash at the most, in time

/** Starts to publish a source; answers at once, whether or not a broker can be reached. */
export const publishToKafka = (options: PublisherOptions): KafkaPublisher => {
  const publisher = new Publisher(options);
  return { lag: () => publisher.lag(), isUp: () => publisher.isUp, close: () => publisher.close() };
};

class Publisher {
  private readonly hint = new Hint();
  private readonly stopping = new AbortController();
  private readonly places: PublisherPlaces;
  private readonly reads: PublisherReads;
  private readonly requests: ConsumerLife;
  private readonly unlisten: () => void;
  private readonly ended: Promise<void>;
  private readonly history = new SentHistory();
  private readonly refusals = new Refusals();
  private lookedAt = 0;
  private polledAt = 0;
  private markedAt = 0;
  isUp = false;

  constructor(private readonly given: PublisherOptions) {
    const { options, source, log } = given;
    this.places = new PublisherPlaces({ ...given, wake: () => this.hint.give() });
    this.reads = new PublisherReads(source, this.refusals, log);
    this.unlisten = source.onAppend((shard) => this.places.grown(shard));
    this.requests = new ConsumerLife({
      options,
      log,
      topic: REPUBLISH_TOPIC,
      groupId: `${options.topicPrefix}atelier.publisher.${randomUUID()}`, // every publisher hears every request
      from: 'end',
      onBatch: async ({ records, read, commit }) => {
        for (const { value, offset } of records) {
          this.places.asked(value);
          read(offset);
          await commit(nextOffset(offset));
        }
      },
    });
    this.ended = this.run();
  }

  async close(): Promise<void> {
    this.unlisten();
    this.stopping.abort();
    this.hint.give();
    await Promise.all([this.ended, this.requests.stop()]);
    await this.places.mark();
  }

  async lag(): Promise<readonly PublisherLag[]> {
    const { source, clock = systemClock } = this.given;
    return Promise.all(this.places.all.map(([shard, place]) => lagOf(source, shard, place, clock, this.refusals.holds(shard))));
  }

  private async run(): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted; ) {
      const session = new PublisherSession(this.given.options, this.given.source.topic, this.given.log);
      try {
        await session.open();
        await this.own();
        await this.look(session, true);
        while (!this.stopping.signal.aborted && (await this.round(session))) {
          failures = 0;
          this.isUp = true;
        }
      } catch (error) {
        this.isUp = false;
        const waitMs = Math.min(2_000, waitAfter(failures++, RETRY_MS));
        this.given.log.warn({ topic: this.given.source.topic, failures, waitMs, err: error }, 'nothing can be published; tried again');
        await sleep(waitMs, undefined, { signal: this.stopping.signal }).catch(() => undefined); // stopping ends the wait
      } finally {
        await session.close();
      }
    }
  }

  /** False: the session is spent. */
  private async round(session: PublisherSession): Promise<boolean> {
    this.hint.clear(); // before reading: what is appended meanwhile gives a new one
    await this.own();
    if (performance.now() - this.lookedAt > LOOK_MS) await this.look(session, false);
    this.poll();
    this.places.echo();
    const began = performance.now();
    const outcome = await this.publish(session);
    await this.mark(outcome === 'nothing');
    if (outcome === 'nothing') await this.hint.wait(this.pollMs);
    if (outcome === 'few') await sleep(Math.max(0, began + ROUND_EACH_MS - performance.now()));
    return outcome !== 'refused';
  }

  // Hints come from this process alone; others append too.
  private poll(): void {
    if (performance.now() - this.polledAt < this.pollMs) return;
    this.polledAt = performance.now();
    this.places.allGrown();
  }

  private get pollMs(): number {
    return this.given.pollMs ?? POLL_MS;
  }

  private async own(): Promise<void> {
    for (const shard of await this.places.own()) this.refusals.forget(shard);
  }

  // Behind what is being sent a mark a moment late costs nothing; where nothing is sent there is time for it.
  private async mark(isIdle: boolean): Promise<void> {
    if (!isIdle && performance.now() - this.markedAt < MARK_MS) return;
    this.markedAt = performance.now();
    await this.places.mark();
  }

  /** K4. */
  private async look(session: PublisherSession, isFirst: boolean): Promise<void> {
    for (const { partition, end } of await session.ends()) {
      const lost = this.history.found(partition, end);
      const isEmpty = isFirst && end === 0n; // made anew while nobody looked, or never filled
      if (lost || isEmpty) this.places.lost(partition, lost ?? new Map(), session.partitions);
    }
    this.lookedAt = performance.now();
  }

  private async publish(session: PublisherSession): Promise<'many' | 'few' | 'nothing' | 'refused'> {
    const reads = await this.reads.next(this.places.all, session.partitions);
    if (reads.length === 0) return 'nothing';
    const acknowledged = await session.send(reads.flatMap(({ records }) => records)).catch((error: unknown) => this.refused(reads, error));
    if (!acknowledged) return 'refused';
    for (const read of reads) {
      const { place, after, last } = read;
      this.refusals.took(read);
      if (place.sent === after) place.sent = last; // else it was asked to go back meanwhile
    }
    this.remember(acknowledged, reads, session.partitions);
    return reads.reduce((sum, { records }) => sum + records.length, 0) < MANY ? 'few' : 'many';
  }

  /** K7. Nothing of it is known to be on the topic, so all of it is sent again. */
  private refused(reads: readonly Read[], error: unknown): undefined {
    if (!isTooLarge(error)) throw error;
    const held = this.refusals.refused(reads, performance.now());
    for (const { place } of reads) place.mayHaveMore = true;
    const { topic, log } = this.given.source;
    if (held === undefined) return;
    const [read] = reads;
    const bytes = read?.records.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0);
    this.given.log.error({ topic, log, shard: held, pos: read?.last, bytes, err: error }, 'the broker refuses a record for its size; the shard is held until the topic takes it');
  }

  private remember(acknowledged: ReadonlyMap<number, bigint>, reads: readonly Read[], partitions: number): void {
    for (const [partition, base] of acknowledged) {
      const here = reads.filter(({ shard }) => shard % partitions === partition);
      const count = here.reduce((total, { records }) => total + records.length, 0);
      const lost = this.history.sent(partition, base, count, new Map(here.map(({ shard, after }) => [shard, after])));
      if (lost) this.places.lost(partition, lost, partitions);
    }
  }
}
