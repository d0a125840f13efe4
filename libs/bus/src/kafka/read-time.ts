/**
 * How far a group has read a partition that others write, by the broker's clock, kept in the consumer's own store. Kafka's offsets cannot tell it: kafkajs
 * writes over them where they are out of range, they lie on the broker that lost its tail, and offsets are given out anew after that.
 *
 * T1. A record from before the stored moment was handled: a broker gives the records of a partition their times in order. A clock of its that steps back
 *     makes a record look handled that was not, so only what is also older than the keys of idempotency is passed over; for all others the key decides.
 * T2. Nothing else is passed over, however old it is: records may have waited for days without a reader.
 * T3. The moment is stored after what the records cause. A crash in between hands them over again, and their keys know them.
 * T4. Times of whoever wrote (CreateTime) prove nothing and are not used.
 */
import type { Clock } from '@atelier/platform';
import type { RawBatch, RawRecord } from './consumer-life';
import type { PartitionTimes } from './foreign.port';

export class ReadTime {
  constructor(
    private readonly times: PartitionTimes | undefined,
    private readonly clock: Clock,
  ) {}

  /** The records that have to be handled: all but those that were, and whose keys may be forgotten. */
  async fresh(records: readonly RawRecord[], partition: number): Promise<readonly RawRecord[]> {
    const { times } = this;
    if (!times) return records;
    const forgottenBefore = this.clock.nowMs() - times.rememberedMs;
    const isForgotten = ({ at, isBrokersTime }: RawRecord): boolean => isBrokersTime && at < forgottenBefore;
    if (!records.some(isForgotten)) return records;
    const handledBefore = await times.of(partition);
    return records.filter((record) => !(isForgotten(record) && record.at < handledBefore));
  }

  /** Everything of the batch up to this record was handled. */
  async passed(last: RawRecord, { partition, records, unread }: RawBatch): Promise<void> {
    if (this.times && last.isBrokersTime) await this.times.passed(partition, Math.min(this.clock.nowMs(), handledBefore(last, records, unread)));
  }
}

// Records of one write have the same time: until the next one is later, or none is there, there may be more of that moment.
const handledBefore = (last: RawRecord, records: readonly RawRecord[], unread: number): number => {
  const next = records[records.indexOf(last) + 1];
  if (next) return next.at;
  return unread === 0 ? last.at + 1 : last.at;
};
