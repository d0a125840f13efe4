import { setTimeout as sleep } from 'node:timers/promises';
import { type TopicName, Fault, TOPICS } from '@atelier/contracts';
import type { Log } from '@atelier/platform';
import type { Admin, ITopicConfig, ITopicMetadata } from 'kafkajs';
import { connectedAdmin, topicOn } from './kafka-client';
import type { KafkaOptions } from './kafka-config';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FOR_EVER = -1;

/** Where consumers that miss records ask their owner to publish them again (republish.ts). */
export const REPUBLISH_TOPIC = 'atelier.republish';

/** A topic as it has to be on a cluster. */
export type TopicPlan = {
  readonly topic: string;
  /** Of the log behind it; for topics that others write, what spreads their keys well. */
  readonly shards: number;
  readonly retentionMs: number;
  /** Time by the clock of whoever wrote, or of the broker. */
  readonly timestamps: 'CreateTime' | 'LogAppendTime';
  readonly why: string;
};

const RECORD_BYTES_MAX = 8 * 1_024 * 1_024; // far above the largest event: a record that the broker refused would hold up its shard

const PUBLISHED: Readonly<Record<TopicName, Omit<TopicPlan, 'topic'>>> = {
  'atelier.flows.events': { shards: 1, retentionMs: FOR_EVER, timestamps: 'CreateTime', why: 'few events; a new consumer reads all of them' },
  'atelier.credentials.events': { shards: 1, retentionMs: FOR_EVER, timestamps: 'CreateTime', why: 'few events; a new consumer reads all of them' },
  'atelier.audit.events': { shards: 1, retentionMs: FOR_EVER, timestamps: 'CreateTime', why: 'evidence; can be replayed from any offset' },
  'atelier.executions.events': { shards: 64, retentionMs: 7 * DAY_MS, timestamps: 'CreateTime', why: 'many events; the log behind it keeps a month' },
  'atelier.triggers.results': { shards: 1, retentionMs: 7 * DAY_MS, timestamps: 'CreateTime', why: 'answers; whoever asked has read them by then' },
  'atelier.triggers': { shards: 16, retentionMs: 7 * DAY_MS, timestamps: 'LogAppendTime', why: 'written by others; waits through a long weekend without a reader' },
};

const NAMES = Object.keys(TOPICS) as TopicName[]; // the keys of a constant table

/** All topics, their dead letters and the internal one. Nothing is compacted: a compacted log of events has gaps, and positions have none. */
export const TOPIC_PLAN: readonly TopicPlan[] = [
  ...NAMES.map((topic) => ({ topic, ...PUBLISHED[topic] })),
  ...NAMES.map((topic) => ({ topic: deadLetterTopic(topic), shards: 1, retentionMs: 30 * DAY_MS, timestamps: 'LogAppendTime' as const, why: 'somebody has to look at it' })),
  { topic: REPUBLISH_TOPIC, shards: 1, retentionMs: HOUR_MS, timestamps: 'LogAppendTime', why: 'requests; asked again while they are needed' },
];

/** The name of the log behind each topic, as it stands in the events; others write `atelier.triggers`, so there is none. */
export const TOPIC_LOGS: Readonly<Record<TopicName, string>> = {
  'atelier.flows.events': 'flows',
  'atelier.credentials.events': 'credentials',
  'atelier.audit.events': 'audit',
  'atelier.executions.events': 'executions',
  'atelier.triggers.results': 'executions.triggers',
  'atelier.triggers': '',
};

/** Where what a consumer of this topic cannot handle is put. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dead-letter`;
}

/** What was found or made. `partitions` never change: the shard of an event says its partition. */
export type TopicOnCluster = { readonly topic: string; readonly partitions: number; readonly made: boolean };

/** Makes the topics that are missing and leaves the others as they are; two at once do no harm. Answers all of them. */
export const createTopics = async (options: KafkaOptions, log: Log, topics: readonly TopicPlan[] = TOPIC_PLAN): Promise<readonly TopicOnCluster[]> => {
  const admin = await connectedAdmin(options, log);
  try {
    const present = new Set(await admin.listTopics());
    const missing = topics.map((plan) => configOf(options, plan)).filter(({ topic }) => !present.has(topic));
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: false }).catch(asFound);
    const found = await topicsWithLeaders(admin, topics.map(({ topic }) => topicOn(options, topic)));
    return found.map(({ name, partitions }) => ({ topic: name, partitions: partitions.length, made: missing.some(({ topic }) => topic === name) }));
  } finally {
    await admin.disconnect();
  }
};

/** As Kafka is told it. */
export const configOf = (options: KafkaOptions, { topic, shards, retentionMs, timestamps }: TopicPlan): ITopicConfig => ({
  topic: topicOn(options, topic),
  numPartitions: Math.min(shards, options.partitionsMax),
  replicationFactor: options.replicationFactor,
  configEntries: Object.entries({
    'cleanup.policy': 'delete',
    'retention.ms': retentionMs,
    'message.timestamp.type': timestamps,
    'max.message.bytes': RECORD_BYTES_MAX,
    'min.insync.replicas': options.minInsyncReplicas,
  }).map(([name, value]) => ({ name, value: String(value) })),
});

const LEADERS_MS = 30_000;
const LOOK_MS = 50;
const YOUNG = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);

/** A topic that was made a moment ago is unknown to some brokers and has no leader for others; kafkajs's own wait takes the first for a failure. */
export const topicsWithLeaders = async (admin: Pick<Admin, 'fetchTopicMetadata'>, topics: string[]): Promise<readonly ITopicMetadata[]> => {
  for (const end = performance.now() + LEADERS_MS; ; await sleep(LOOK_MS)) {
    try {
      const found = await admin.fetchTopicMetadata({ topics });
      if (found.topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0))) return found.topics;
    } catch (error) {
      if (!YOUNG.has(String((error as { type?: unknown }).type)) || performance.now() > end) throw error;
    }
    if (performance.now() > end) throw new Fault(`expected leaders of ${topics.join(', ')} within ${LEADERS_MS / 1_000} s`);
  }
};

// Another process that made the same topics a moment ago is no failure; anything else is.
const asFound = (error: unknown): void => {
  const errors = (error as { errors?: readonly { type?: string }[] }).errors ?? [error as { type?: string }];
  if (!errors.every(({ type }) => type === 'TOPIC_ALREADY_EXISTS')) throw error;
};
