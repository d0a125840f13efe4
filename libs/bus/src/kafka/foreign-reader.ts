/**
 * One consumer of a topic that others write. The same promises as for topics of ours, but for positions: there are none.
 *
 * G1. One batch of a partition at a time and in order; the hint is committed when what the records cause is stored.
 * G2. A Fault skips nothing: the partition is paused, longer each time, and read again from there.
 * G3. A poisoned record goes alone, to the topic of dead letters with its reason; the partition goes on.
 * G4. Where a broker lost its tail, or the group its offsets, reading begins at the start of what is there: repeats, which keys of idempotency drop.
 *     What was handled and is older than those keys are remembered is passed over (read-time.ts), for it would be done twice; logged and counted.
 * G5. Offsets are given out anew after a lost tail: whoever joins goes back to what was written after the moment until which it has read
 *     (group-beginning.ts). Nothing that the broker kept is passed over.
 */
import type { Clock, Log } from '@atelier/platform';
import { attempted, byHalves, waitAfter } from '../shard-delivery';
import { type RawBatch, type RawRecord, ConsumerLife, nextOffset } from './consumer-life';
import { letterOf } from './dead-letters';
import type { ForeignRecord, ForeignSubscription } from './foreign.port';
import { GroupBeginning } from './group-beginning';
import type { KafkaOptions } from './kafka-config';
import type { KafkaSender } from './kafka-sender';
import { ReadTime } from './read-time';

export type ForeignReaderOptions = {
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly clock: Clock;
  readonly sender: KafkaSender;
  readonly batchRecordsMax: number;
  readonly retryMs: number;
};

type Place = { failures: number; letters: number; repeats: number; unread: number; next: bigint | undefined; firstWaitingAt: number | undefined; turn: Promise<unknown>; timer: NodeJS.Timeout | undefined };

export class ForeignReader {
  private readonly places = new Map<number, Place>();
  private readonly life: ConsumerLife;
  private readonly readTime: ReadTime;
  private readonly beginning: GroupBeginning | undefined;
  private isStopped = false;

  constructor(
    private readonly subscription: ForeignSubscription,
    private readonly given: ForeignReaderOptions,
  ) {
    const { options, log, clock } = given;
    const { topic, group } = subscription;
    this.readTime = new ReadTime(subscription.readTimes, clock);
    const groupId = `${options.topicPrefix}atelier.${group}.${topic.replace(/^atelier\./, '')}`;
    const seek = (partition: number, offset: string): void => this.life.seek(partition, offset);
    this.beginning = subscription.readTimes && new GroupBeginning({ options, log, topic, groupId, times: subscription.readTimes, retryMs: given.retryMs, seek });
    this.life = new ConsumerLife({
      options,
      log,
      topic,
      groupId,
      from: 'beginning',
      onBatch: (batch) => this.take(batch),
      onAssigned: (partitions) => this.beginning?.assigned(partitions),
    });
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.beginning?.stop();
    for (const { timer } of this.places.values()) clearTimeout(timer);
    await this.life.stop();
    await Promise.all([...this.places.values()].map(({ turn }) => turn));
  }

  /** How far the group is behind in each partition that this process reads. */
  lag() {
    const { group, topic } = this.subscription;
    const nowMs = this.given.clock.nowMs();
    return [...this.places].map(([partition, { unread, failures, letters, repeats, firstWaitingAt }]) => ({
      group,
      topic,
      partition,
      records: unread,
      seconds: firstWaitingAt === undefined ? 0 : Math.max(0, (nowMs - firstWaitingAt) / 1_000),
      failures,
      deadLetters: letters,
      repeats,
    }));
  }

  get isUp(): boolean {
    return this.life.isUp;
  }

  private placeOf(partition: number): Place {
    const place = this.places.get(partition) ?? { failures: 0, letters: 0, repeats: 0, unread: 0, next: undefined, firstWaitingAt: undefined, turn: Promise.resolve(), timer: undefined };
    this.places.set(partition, place);
    return place;
  }

  // In turn, also where a rebalance gives the partition back while the old batch is in hand (G1).
  private async take(batch: RawBatch): Promise<void> {
    await this.beginning?.known(batch);
    const place = this.placeOf(batch.partition);
    const turn = place.turn.then(() => this.takeInTurn(batch, place));
    place.turn = turn.catch(() => undefined); // whoever waits for the turn hears of it
    await turn;
  }

  private async takeInTurn(batch: RawBatch, place: Place): Promise<void> {
    if (place.timer) return; // fetched before it was paused; it comes again
    for (let i = 0; i < batch.records.length; i += this.given.batchRecordsMax) {
      if (batch.isStale()) return;
      const records = batch.records.slice(i, i + this.given.batchRecordsMax);
      place.unread = batch.unread + batch.records.length - i;
      place.firstWaitingAt = records[0]?.at;
      if (!(await this.handle(records, batch, place))) return;
      await batch.heartbeat();
    }
    place.unread = batch.unread;
    if (batch.unread === 0) place.firstWaitingAt = undefined;
  }

  private async handle(records: readonly RawRecord[], batch: RawBatch, place: Place): Promise<boolean> {
    let handled: RawRecord | undefined;
    const attempt = async (some: readonly RawRecord[]) => {
      const failure = await attempted(() => this.subscription.handle(some.map(foreignOf)));
      if (!failure) handled = some[some.length - 1];
      return failure;
    };
    const bury = async (record: RawRecord, reason: string, error: unknown): Promise<void> => {
      await this.bury(record, reason, error);
      handled = record;
      place.letters++;
    };
    try {
      const fresh = await this.freshOf(records, batch.partition, place);
      if (fresh.length > 0) await byHalves(fresh, attempt, bury);
      handled = records[records.length - 1];
      place.failures = 0;
      return true;
    } catch (error) {
      this.standStill(batch.partition, place, error);
      return false;
    } finally {
      if (handled) await this.passed(handled, batch);
    }
  }

  /** G4. */
  private async freshOf(records: readonly RawRecord[], partition: number, place: Place): Promise<readonly RawRecord[]> {
    const fresh = await this.readTime.fresh(records, partition);
    const repeats = records.length - fresh.length;
    if (repeats === 0) return fresh;
    place.repeats += repeats;
    const { topic, group } = this.subscription;
    const [from, to] = [records[0]?.offset, records[records.length - 1]?.offset];
    this.given.log.warn({ topic, group, partition, repeats, from, to }, 'records that were handled came again after their keys were forgotten; they are passed over');
    return fresh;
  }

  private async passed(last: RawRecord, batch: RawBatch): Promise<void> {
    const { topic, group } = this.subscription;
    await this.readTime.passed(last, batch).catch((error: unknown) => this.given.log.warn({ topic, group, err: error }, 'how far the topic was read could not be stored'));
    batch.read(last.offset);
    await batch.commit(nextOffset(last.offset));
  }

  private async bury(raw: RawRecord, reason: string, error: unknown): Promise<void> {
    const { topic, group, deadLetter } = this.subscription;
    const { partition, offset, key, value } = raw;
    await this.given.sender.send(letterOf({ topic, group, reason, key, value, from: { partition, offset } }));
    await deadLetter?.({ topic, record: foreignOf(raw), reason });
    this.given.log.error({ topic, group, partition, offset, err: error }, 'record became a dead letter');
  }

  /** G2. */
  private standStill(partition: number, place: Place, error: unknown): void {
    const waitMs = waitAfter(place.failures++, this.given.retryMs);
    const { topic, group } = this.subscription;
    this.given.log.warn({ topic, group, partition, failures: place.failures, waitMs, err: error }, 'partition stands still');
    if (this.isStopped) return;
    this.life.pause(partition);
    place.timer = setTimeout(() => {
      place.timer = undefined;
      this.life.resume(partition);
    }, waitMs);
  }
}

const foreignOf = ({ partition, offset, key, value, headers, at }: RawRecord): ForeignRecord => ({
  partition,
  offset,
  key: key === null ? undefined : key.toString(),
  value: value === null ? '' : value.toString(),
  headers,
  time: new Date(at).toISOString(),
});
