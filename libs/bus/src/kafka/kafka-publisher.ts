/**
 * Publishes a context's log on Kafka. It owns how far each shard was sent while the process lives; it assumes that the log is dense (A4) and that the
 * positions it is given outlive it.
 *
 * K1. After the commit only, in the order of each shard, none skipped: what follows position n is sent when n was, and a gap in the log holds the shard.
 * K2. A position is marked when the records up to it are acknowledged by all copies in sync. A crash in between sends them again.
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
import { Fault, type PublicEvent, TOPICS } from '@atelier/contracts';
import { type Clock, type Log, systemClock } from '@atelier/platform';
import { Hint } from '../hint';
import { waitAfter } from '../shard-delivery';
import type { TopicSource } from '../topic-source.port';
import { ConsumerLife, nextOffset } from './consumer-life';
import type { KafkaOptions } from './kafka-config';
import type { PublishedPositions } from './published-positions';
import { type Place, type PublisherLag, type Read, denseOf, fittingOf, lagOf, placeAt } from './publisher-place';
import { PublisherSession } from './publisher-session';
import { Refusals, isTooLarge } from './refusals';
import { requestOf } from './republish';
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
const ECHO_MS = 5_000; // consumers have fetched from the topic as it is now
const RETRY_MS = 100;
const EVENTS_MAX = 500; // of one shard in one send

/** Starts to publish a source; answers at once, whether or not a broker can be reached. */
export const publishToKafka = (options: PublisherOptions): KafkaPublisher => {
  const publisher = new Publisher(options);
  return { lag: () => publisher.lag(), isUp: () => publisher.isUp, close: () => publisher.close() };
};

class Publisher {
  private readonly hint = new Hint();
  private readonly stopping = new AbortController();
  private readonly places = new Map<number, Place>();
  private readonly requests: ConsumerLife;
  private readonly unlisten: () => void;
  private readonly ended: Promise<void>;
  private readonly history = new SentHistory();
  private readonly refusals = new Refusals();
  private lookedAt = 0;
  private polledAt = 0;
  isUp = false;

  constructor(private readonly given: PublisherOptions) {
    const { options, source, log } = given;
    this.unlisten = source.onAppend((shard) => this.grown(shard));
    this.requests = new ConsumerLife({
      options,
      log,
      topic: REPUBLISH_TOPIC,
      groupId: `${options.topicPrefix}atelier.publisher.${randomUUID()}`, // every publisher hears every request
      from: 'end',
      onBatch: async ({ records, read, commit }) => {
        for (const { value, offset } of records) {
          this.asked(value);
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
  }

  async lag(): Promise<readonly PublisherLag[]> {
    const { source, clock = systemClock } = this.given;
    return Promise.all([...this.places].map(([shard, place]) => lagOf(source, shard, place, clock, this.refusals.holds(shard))));
  }

  private grown(shard: number): void {
    const place = this.places.get(shard);
    if (place) place.mayHaveMore = true;
    this.hint.give();
  }

  // While what was asked for is being sent, further requests for it are answered by that.
  private asked(value: Buffer | null): void {
    const request = requestOf(value);
    const { source, log } = this.given;
    const place = request && request.topic === source.topic && request.log === source.log ? this.places.get(request.shard) : undefined;
    if (!request || !place || request.after >= place.sent) return;
    if (place.sent < place.again && request.after >= place.from) return;
    log.warn({ topic: source.topic, log: source.log, shard: request.shard, after: request.after, upTo: place.sent }, 'events are published again: a consumer missed them');
    this.rewind(place, request.after);
  }

  private rewind(place: Place, after: number): void {
    if (after >= place.sent) return;
    place.again = Math.max(place.again, place.sent);
    place.from = after;
    place.sent = after;
    place.mayHaveMore = true;
    this.hint.give();
  }

  private async run(): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted; ) {
      const session = new PublisherSession(this.given.options, this.given.source.topic, this.given.log);
      try {
        await session.open();
        await this.placeOwned();
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
    await this.placeOwned();
    if (performance.now() - this.lookedAt > LOOK_MS) await this.look(session, false);
    this.poll();
    this.echo();
    const outcome = await this.publish(session);
    if (outcome === 'nothing') await this.hint.wait(this.pollMs);
    return outcome !== 'refused';
  }

  // Hints come from this process alone; others append too.
  private poll(): void {
    if (performance.now() - this.polledAt < this.pollMs) return;
    this.polledAt = performance.now();
    for (const place of this.places.values()) place.mayHaveMore = true;
  }

  private get pollMs(): number {
    return this.given.pollMs ?? POLL_MS;
  }

  private async placeOwned(): Promise<void> {
    const { source, positions, owns = () => true } = this.given;
    for (let shard = 0; shard < source.shards; shard++) {
      if (!owns(shard)) {
        this.places.delete(shard);
        this.refusals.forget(shard);
      } else if (!this.places.has(shard)) this.places.set(shard, placeAt(await positions.of(source.log, shard)));
    }
  }

  /** K4. */
  private async look(session: PublisherSession, isFirst: boolean): Promise<void> {
    for (const { partition, end } of await session.ends()) {
      const lost = this.history.found(partition, end);
      const isEmpty = isFirst && end === 0n; // made anew while nobody looked, or never filled
      if (lost || isEmpty) this.sendAgain(partition, lost ?? new Map(), session.partitions);
    }
    this.lookedAt = performance.now();
  }

  private sendAgain(partition: number, before: ReadonlyMap<number, number>, partitions: number): void {
    for (const [shard, place] of this.places) {
      if (shard % partitions !== partition) continue;
      const after = before.size === 0 ? 0 : before.get(shard);
      if (after === undefined || after >= place.sent) continue;
      const { topic, log } = this.given.source;
      this.given.log.error({ topic, log, shard, partition, after, upTo: place.sent }, 'the broker lost records; they are published again');
      this.rewind(place, after);
      place.echoAt = performance.now() + ECHO_MS;
    }
  }

  /** K8. */
  private echo(): void {
    for (const place of this.places.values()) {
      if (performance.now() < place.echoAt || place.sent < place.again) continue;
      place.echoAt = Infinity;
      this.rewind(place, place.sent - 1);
    }
  }

  private async publish(session: PublisherSession): Promise<'sent' | 'nothing' | 'refused'> {
    const reads = await this.read(session.partitions);
    if (reads.length === 0) return 'nothing';
    const acknowledged = await session.send(reads.flatMap(({ records }) => records)).catch((error: unknown) => this.refused(reads, error));
    if (!acknowledged) return 'refused';
    const { log } = this.given.source;
    for (const read of reads) {
      const { place, after, last } = read;
      this.refusals.took(read);
      if (place.sent === after) place.sent = last; // else it was asked to go back meanwhile
    }
    this.remember(acknowledged, reads, session.partitions);
    await this.mark(reads.filter(({ place, last }) => last > place.mark).map(({ shard, last }) => ({ log, shard, pos: last })));
    return 'sent';
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
      if (lost) this.sendAgain(partition, lost, partitions);
    }
  }

  // A mark that could not be stored is stored with the next one; until then a restart would send more than it must.
  private async mark(marks: readonly { log: string; shard: number; pos: number }[]): Promise<void> {
    if (marks.length === 0) return;
    try {
      await this.given.positions.passed(marks);
    } catch (error) {
      return this.given.log.warn({ topic: this.given.source.topic, err: error }, 'what was published could not be marked');
    }
    for (const { shard, pos } of marks) {
      const place = this.places.get(shard);
      if (place) place.mark = pos;
    }
  }

  private async read(partitions: number): Promise<readonly Read[]> {
    const { source, log } = this.given;
    const { key } = TOPICS[source.topic];
    const grown = [...this.places].filter(([, { mayHaveMore }]) => mayHaveMore);
    const admitted = new Set(this.refusals.admitted(grown.map(([shard]) => shard), performance.now()));
    const asked = grown.filter(([shard]) => admitted.has(shard));
    const most = asked.map(([shard]) => this.refusals.mostOf(shard, EVENTS_MAX));
    const found = await Promise.all(asked.map(([shard, place], i) => this.readShard(shard, place, most[i] ?? EVENTS_MAX)));
    const room = new Map<number, number>();
    const reads: Read[] = [];
    asked.forEach(([shard, place], i) => {
      const events = denseOf(found[i] ?? [], place, (problem, fields) => log.error({ topic: source.topic, shard, ...fields }, problem)); // K1
      const records = fittingOf(events, key, room, partitions);
      place.mayHaveMore = records.length < events.length || events.length === most[i];
      const last = events[records.length - 1];
      if (last) reads.push({ shard, place, records, after: place.sent, last: last.pos });
    });
    return reads;
  }

  // What a newer version wrote, and this one cannot read, holds its shard alone.
  private async readShard(shard: number, place: Place, most: number): Promise<readonly PublicEvent[]> {
    const { source, log } = this.given;
    try {
      return await source.read(shard, place.sent, most);
    } catch (error) {
      if (error instanceof Fault) throw error;
      log.error({ topic: source.topic, shard, after: place.sent, err: error }, 'the log cannot be read; the shard is held');
      return [];
    }
  }
}
