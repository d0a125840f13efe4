/**
 * Records that others write, for consumers of batches. They have no positions of ours, so each gets one as it arrives, behind the consumer's stored one:
 * the consumer stores it with what the record causes, and of two that take the same records at once one stores nothing and begins again. A record that
 * comes a second time gets a new position; its own key says that it was seen.
 */
import { type PublicEvent, type TopicName, Defect, Rejection, TOPICS, triggerRecord } from '@atelier/contracts';
import type { Batch, Bus, ReadTimes, Subscription } from './bus.port';
import type { ForeignRecord, ForeignSubscription, PartitionTimes } from './kafka/foreign.port';

/** Whether a topic is written by services that know nothing of positions. */
const isForeign = (topic: TopicName): boolean => TOPICS[topic].owner === 'other services';

/** The same bus, which also takes subscriptions of such topics. */
export const withForeignTopics = (bus: Bus & { subscribeForeign(subscription: ForeignSubscription): Promise<() => Promise<void>> }): Bus => ({
  subscribe: (subscription) => (isForeign(subscription.topic) ? bus.subscribeForeign(foreignOf(subscription)) : bus.subscribe(subscription)),
  lag: () => bus.lag(),
  close: () => bus.close(),
});

/**
 * What cannot be read goes to the topic of dead letters, and is given to the consumer after that: it answers it. Of a batch that holds such a record the
 * bus finds it by halves.
 */
const foreignOf = (subscription: Subscription): ForeignSubscription => {
  const { topic, group, readTimes } = subscription;
  const give = async (records: readonly ForeignRecord[]): Promise<void> => {
    const [first] = records;
    if (first) await subscription.handle(await batchOf(subscription, first.partition, records));
  };
  return {
    topic,
    group,
    handle: async (records) => {
      for (const { value } of records) assertReadable(value);
      await give(records);
    },
    deadLetter: ({ record }) => give([record]),
    ...(readTimes && { readTimes: timesOf(readTimes, logOf(topic)) }),
  };
};

const timesOf = ({ rememberedMs, of, passed }: ReadTimes, log: string): PartitionTimes => ({
  rememberedMs,
  of: (partition) => of(log, partition),
  passed: (partition, atMs) => passed(log, partition, atMs),
});

/** Records of others have no log of ours; the partitions of their topic are its shards. */
const logOf = (topic: TopicName): string => `kafka/${topic}`;

const batchOf = async ({ topic, position }: Subscription, partition: number, records: readonly ForeignRecord[]): Promise<Batch> => {
  const log = logOf(topic);
  const at = await position(log, partition);
  if (at === 'end') throw new Defect(`expected a consumer of ${topic} that stores what it has done`);
  return { topic, log, shard: partition, messages: records.map((record, i) => numbered(record, { log, shard: partition, pos: at + i + 1 })) };
};

// The consumer reads the record by its own schema; what is said of its place is ours, whatever stands in it.
const numbered = ({ value, key, time }: ForeignRecord, place: Pick<PublicEvent, 'log' | 'shard' | 'pos'>): PublicEvent => {
  const record = jsonOf(value);
  const object = typeof record === 'object' && record !== null && !Array.isArray(record) ? record : { unreadable: value };
  return { time, ...(key !== undefined && { subject: key }), ...object, ...place } as unknown as PublicEvent;
};

const assertReadable = (value: string): void => {
  const { error } = triggerRecord.safeParse(jsonOf(value));
  if (error) throw new Rejection('InvalidParameter', { message: `The record cannot be read: ${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}` });
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no schema takes it
  }
};
