import { randomBytes } from 'node:crypto';
import { silentLog } from '@atelier/platform';
import type { Unnumbered } from '../memory-topic';
import type { KafkaOptions } from './kafka-config';
import { type TopicPlan, REPUBLISH_TOPIC, createTopics, deadLetterTopic } from './topic-plan';

/** Options for one test: its topics and groups are its own. */
export const sampleOptions = (brokers: string): KafkaOptions => ({
  brokers: [brokers],
  clientId: 'tests',
  topicPrefix: `t${randomBytes(5).toString('hex')}.`,
  replicationFactor: 1,
  minInsyncReplicas: 1,
  partitionsMax: 16,
});

const planOf = (topic: string, shards: number, timestamps: TopicPlan['timestamps'] = 'CreateTime'): TopicPlan => ({ topic, shards, retentionMs: -1, timestamps, why: 'a test' });

/** Makes one topic with what belongs to it. */
export const sampleTopics = async (options: KafkaOptions, topic: string, partitions: number, timestamps?: TopicPlan['timestamps']): Promise<void> =>
  void (await createTopics(options, silentLog, [planOf(topic, partitions, timestamps), planOf(deadLetterTopic(topic), 1), planOf(REPUBLISH_TOPIC, 1)]));

let count = 0;

export const sampleEvents = (n: number, bytes = 0): Unnumbered[] =>
  Array.from({ length: n }, () => ({ id: `event-${++count}`, source: '/tests', type: 'thing.happened', time: '2026-01-31T12:00:00.000Z', data: { flow_sid: 'FW1', n: count, ...(bytes > 0 && { padding: 'x'.repeat(bytes) }) } }));
