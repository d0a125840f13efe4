/**
 * One consumer of one topic of ours, over Kafka. It keeps B1 to B6 of shard-reader.ts; of Kafka it assumes nothing but that records of a partition come
 * in order, now and then again, and now and then not at all.
 *
 * F1. Positions are (log, shard, pos), from the consumer's own store; Kafka offsets are never compared with them (A3).
 * F2. What is not newer than the position is dropped. What does not follow it is a gap: the owner is asked to publish again from there, until it comes.
 * F3. Several shards share a partition. One that stands still holds up no other: it is passed over, and the partition is read again for it.
 * F4. Hints (offsets) stay in front of everything that was passed over, so that another member finds it.
 * F5. After a rebalance the store is asked again: somebody else may have moved it.
 * F6. A record that is no event has no position: it goes to the dead letters, and if an event of ours was lost with it, the gap says so.
 */
import { randomUUID } from 'node:crypto';

import type { Clock, Log } from '@atelier/platform';
import type { Lag, Subscription } from '../bus.port';
import { waitAfter } from '../shard-delivery';
import { type RawBatch, type RawRecord, ConsumerLife, nextOffset } from './consumer-life';
import type { KafkaOptions } from './kafka-config';
import type { KafkaSender } from './kafka-sender';
import { type PlacedEvent, KafkaShard } from './kafka-shard';
import { letterOf } from './dead-letters';
import { eventOf, isUnreadable } from './records';
import type { RepublishRequest } from './republish';
import { REPUBLISH_TOPIC, TOPIC_LOGS } from './topic-plan';

export type KafkaReaderOptions = {
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly clock: Clock;
  readonly sender: KafkaSender;
  readonly batchEventsMax: number;
  readonly retryMs: number;
};

const COMMIT_MS = 1_000; // hints older than this cost a new member what came meanwhile
const ASK_MS = 500; // a publisher that is there has answered by then

export class KafkaReader {
  private readonly shards = new Map<string, { readonly shard: KafkaShard; readonly partition: number; readonly names: { readonly log: string; readonly shard: number } }>();
  private readonly unread = new Map<number, number>();
  private readonly committedAt = new Map<number, number>();
  private life: ConsumerLife | undefined;
  private isStopped = false;
  private readonly subscription: Subscription;

  constructor(
    subscription: Subscription,
    private readonly given: KafkaReaderOptions,
  ) {
    this.subscription = { ...subscription, ...this.letters(subscription) };
  }

  /** Joins in the background; a broker that is away is waited for. */
  async start(): Promise<void> {
    const { group, topic, position } = this.subscription;
    const isFollower = (await position(TOPIC_LOGS[topic], 0).catch(() => 0)) === 'end'; // a store that is away is the store of somebody who has one
    if (this.isStopped) return;
    const { options, log } = this.given;
    this.life = new ConsumerLife({
      options,
      log,
      topic,
      groupId: `${options.topicPrefix}atelier.${group}.${topic.replace(/^atelier\./, '')}${isFollower ? `.${randomUUID()}` : ''}`,
      from: isFollower ? 'end' : 'beginning',
      onBatch: (batch) => this.take(batch),
      onAssigned: () => this.assigned(),
    });
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    for (const { shard } of this.shards.values()) shard.stop();
    await this.life?.stop();
    await Promise.all([...this.shards.values()].map(({ shard }) => shard.idle()));
  }

  lag(): readonly Lag[] {
    const { group, topic } = this.subscription;
    const nowMs = this.given.clock.nowMs();
    const all = [...this.shards.values()];
    return all.map(({ shard, partition, names }) => {
      const sharing = all.filter((other) => other.partition === partition).length;
      return { group, topic, ...names, ...shard.lag(nowMs, Math.ceil((this.unread.get(partition) ?? 0) / sharing)) };
    });
  }

  get isUp(): boolean {
    return this.life?.isUp === true;
  }

  // The letter is on its topic before the position moves behind it.
  private letters({ deadLetter, group }: Subscription): Pick<Subscription, 'deadLetter'> {
    if (!deadLetter) return {};
    return {
      deadLetter: async (letter) => {
        await this.given.sender.send(letterOf({ topic: letter.topic, group, reason: letter.reason, key: letter.event.subject ?? null, value: JSON.stringify(letter.event) }));
        await deadLetter(letter);
      },
    };
  }

  private assigned(): void {
    for (const { shard } of this.shards.values()) shard.displace(); // F5
  }

  private async take(batch: RawBatch): Promise<void> {
    this.unread.set(batch.partition, batch.unread);
    for (const [key, events] of await this.byShard(batch.records)) {
      const place = this.shards.get(key);
      if (!place) continue;
      for (let i = 0; i < events.length; i += this.given.batchEventsMax) {
        if (batch.isStale()) return;
        await place.shard.alone(() => this.takeShard(place.shard, place.names, events.slice(i, i + this.given.batchEventsMax), batch.partition));
        await batch.heartbeat();
      }
    }
    const last = batch.records.at(-1);
    if (!last || batch.isStale()) return;
    batch.read(last.offset);
    await this.hint(batch, nextOffset(last.offset));
  }

  private async byShard(records: readonly RawRecord[]): Promise<ReadonlyMap<string, PlacedEvent[]>> {
    const shards = new Map<string, PlacedEvent[]>();
    for (const record of records) {
      const event = eventOf(record);
      if (isUnreadable(event)) {
        await this.unreadable(record, event.unreadable);
        continue;
      }
      const key = `${event.log} ${event.shard}`;
      const events = shards.get(key) ?? [];
      events.push({ event, offset: record.offset });
      shards.set(key, events);
      if (!this.shards.has(key)) this.shards.set(key, this.placeOf(event.log, event.shard, record.partition));
    }
    return shards;
  }

  private placeOf(log: string, shard: number, partition: number) {
    const { group, topic } = this.subscription;
    return { shard: new KafkaShard({ group, topic, log, shard }, this.subscription, this.given), partition, names: { log, shard } };
  }

  /** F6. Nobody answers for it, so it is not the end of the world where the letter cannot be sent now: the batch comes again. */
  private async unreadable({ partition, offset, key, value }: RawRecord, reason: string): Promise<void> {
    const { topic, group } = this.subscription;
    await this.given.sender.send(letterOf({ topic, group, reason, key, value, from: { partition, offset } }));
    this.given.log.error({ topic, group, partition, offset, reason }, 'record became a dead letter');
  }

  private async takeShard(shard: KafkaShard, names: { log: string; shard: number }, events: readonly PlacedEvent[], partition: number): Promise<void> {
    for (const { event } of events) shard.saw(event);
    const first = events[0];
    if (!first || this.isStopped) return;
    if (shard.waiting) return shard.passOver(first.offset);
    try {
      if (!shard.isPlaced) await shard.place(async () => first.event.pos - 1);
      const { following, gap } = followingOf(shard.at, events);
      if (following.length > 0) {
        await shard.deliver(following.map(({ event }) => event));
        shard.follows();
      }
      shard.handled(following);
      if (gap) this.ask(shard, names, gap.offset);
    } catch (error) {
      this.standStill(shard, names, partition, (events.find(({ event }) => event.pos > shard.at) ?? first).offset, error);
    }
  }

  /** F2. */
  private ask(shard: KafkaShard, names: { log: string; shard: number }, offset: string): void {
    shard.passOver(offset);
    if (shard.asking || this.isStopped) return;
    const request: RepublishRequest = { topic: this.subscription.topic, ...names, after: shard.at };
    const waitMs = waitAfter(shard.failures++, ASK_MS);
    this.given.log.warn({ group: this.subscription.group, ...request, failures: shard.failures }, 'events are missing; their owner is asked for them');
    this.given.sender.send({ topic: REPUBLISH_TOPIC, value: JSON.stringify(request) }).catch((error: unknown) => this.given.log.warn({ err: error }, 'the owner could not be asked'));
    shard.asking = setTimeout(() => {
      shard.asking = undefined;
      void shard.alone(() => this.lookAgain(shard, names)).catch((error: unknown) => this.given.log.warn({ ...names, err: error }, 'the store could not be asked'));
    }, waitMs);
  }

  // Another member of the group may have had the events meanwhile.
  private async lookAgain(shard: KafkaShard, names: { log: string; shard: number }): Promise<void> {
    const { passedOver } = shard;
    if (this.isStopped || passedOver === undefined || shard.waiting) return;
    shard.displace();
    try {
      if (!shard.isPlaced) await shard.place(async () => shard.at);
    } finally {
      this.ask(shard, names, passedOver);
    }
  }

  /** F3. */
  private standStill(shard: KafkaShard, names: { log: string; shard: number }, partition: number, offset: string, error: unknown): void {
    shard.displace();
    shard.passOver(offset);
    const waitMs = waitAfter(shard.failures++, this.given.retryMs);
    const { group, topic } = this.subscription;
    this.given.log.warn({ group, topic, ...names, pos: shard.at, failures: shard.failures, waitMs, err: error }, 'shard stands still');
    if (this.isStopped) return;
    shard.waiting = setTimeout(() => this.goOn(shard, partition), waitMs);
  }

  private goOn(shard: KafkaShard, partition: number): void {
    const { passedOver } = shard;
    shard.waiting = undefined;
    shard.passedOver = undefined;
    if (passedOver !== undefined) this.life?.seek(partition, passedOver);
  }

  /** F4. */
  private async hint(batch: RawBatch, next: string): Promise<void> {
    const now = this.given.clock.monotonicMs();
    if (now - (this.committedAt.get(batch.partition) ?? 0) < COMMIT_MS) return;
    this.committedAt.set(batch.partition, now);
    const held = [...this.shards.values()].flatMap(({ shard, partition }) => (partition === batch.partition && shard.passedOver !== undefined ? [BigInt(shard.passedOver)] : []));
    await batch.commit(String(held.reduce((least, offset) => (offset < least ? offset : least), BigInt(next))));
  }
}

/** What follows a position, in order, whatever stands between; and the first event that was passed over and still is missed something before. */
export const followingOf = (at: number, events: readonly PlacedEvent[]): { readonly following: readonly PlacedEvent[]; readonly gap: PlacedEvent | undefined } => {
  const following: PlacedEvent[] = [];
  let highest: PlacedEvent | undefined;
  let gap: PlacedEvent | undefined;
  let next = at + 1;
  for (const placed of events) {
    if (placed.event.pos === next) {
      following.push(placed);
      next++;
    } else if (placed.event.pos > next) {
      gap ??= placed;
      if (!highest || placed.event.pos > highest.event.pos) highest = placed;
    }
  }
  return { following, gap: highest && highest.event.pos >= next ? gap : undefined };
};

