import { Fault } from '@atelier/contracts';
import { type Log, measured } from '@atelier/platform';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { busMetrics } from './bus-metrics';
import { withForeignTopics } from './foreign-batches';
import { type KafkaBus, createKafkaBus } from './kafka/kafka-bus';
import { createKafkaClient } from './kafka/kafka-client';
import { type KafkaOptions, kafkaConfig, kafkaOptionsOf } from './kafka/kafka-config';
import { type KafkaPublisher, publishToKafka } from './kafka/kafka-publisher';
import type { Messaging } from './messaging';

/** What a service of its own may be told of Kafka: without brokers it would be alone. */
export const kafkaServiceConfig = z.object({ ...kafkaConfig.shape, ATELIER_KAFKA_BROKERS: kafkaConfig.shape.ATELIER_KAFKA_BROKERS.unwrap().describe('Where Kafka is found: host:port, several with commas.') });

/** Connects a service with the others. Tests that run several in one process hand in their own. */
export type Connect = (config: z.infer<typeof kafkaServiceConfig>, log: Log) => Promise<Messaging>;

/** Over Kafka. Answers at once, whether or not a broker can be reached: what is published waits in its log, and readers go on once one is there. */
export const connectKafka: Connect = async (config, log) => {
  const options = kafkaOptionsOf(config);
  if (!options) throw new Fault('expected ATELIER_KAFKA_BROKERS');
  const kafka = createKafkaBus(options, log);
  const bus = withForeignTopics(kafka);
  const publishers: KafkaPublisher[] = [];
  return {
    bus,
    publish: (publication) => void publishers.push(publishToKafka({ options, log, ...publication })),
    reach: reaching(options, log),
    metrics: kafkaMetrics(kafka, publishers),
    close: async () => {
      await Promise.all(publishers.map((each) => each.close()));
      await bus.close();
    },
  };
};

/** Whether a broker of the cluster answers; several who ask at once share the answer. */
const reaching = (options: KafkaOptions, log: Log): (() => Promise<void>) => {
  let asking: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    const admin = (await createKafkaClient(options, log)).admin({ retry: { retries: 0 } });
    try {
      await admin.connect();
      await admin.describeCluster();
    } finally {
      await admin.disconnect();
    }
  };
  return () => (asking ??= ask().finally(() => (asking = undefined)));
};

const kafkaMetrics = (bus: KafkaBus, publishers: readonly KafkaPublisher[]): Registry => {
  const registry = new Registry();
  busMetrics(registry, bus);
  measured(
    registry,
    [
      { name: 'atelier_foreign_lag_records', help: 'Records of a topic that others write, not handled yet, of the partitions read here.', labels: ['group', 'topic'] },
      { name: 'atelier_foreign_lag_seconds', help: 'Age of the oldest of them.', labels: ['group', 'topic'] },
      { name: 'atelier_publisher_lag_events', help: 'Events of the shards published here that their topic does not have yet.', labels: ['topic'] },
      { name: 'atelier_kafka_up', help: 'Whether all consumers are members of their groups (1 or 0), and whether the last attempt to publish succeeded.', labels: ['part'] },
    ],
    async () => {
      const foreign = byName(bus.foreignLag(), ({ group, topic }) => `${group} ${topic}`);
      const published = byName((await Promise.all(publishers.map((each) => each.lag()))).flat(), ({ topic }) => topic);
      const names = ({ group, topic }: { group: string; topic: string }) => ({ group, topic });
      return [
        foreign.map(([first, ...rest]) => ({ labels: names(first), value: [first, ...rest].reduce((sum, { records }) => sum + records, 0) })),
        foreign.map(([first, ...rest]) => ({ labels: names(first), value: Math.max(...[first, ...rest].map(({ seconds }) => seconds)) })),
        published.map(([first, ...rest]) => ({ labels: { topic: first.topic }, value: [first, ...rest].reduce((sum, { events }) => sum + events, 0) })),
        [
          { labels: { part: 'consumers' }, value: Number(bus.isUp()) },
          ...(publishers.length > 0 ? [{ labels: { part: 'publishers' }, value: Number(publishers.every((each) => each.isUp())) }] : []),
        ],
      ];
    },
  );
  return registry;
};

const byName = <T>(lags: readonly T[], nameOf: (lag: T) => string): readonly (readonly [T, ...T[]])[] => {
  const groups = new Map<string, [T, ...T[]]>();
  for (const lag of lags) {
    const group = groups.get(nameOf(lag));
    if (group) group.push(lag);
    else groups.set(nameOf(lag), [lag]);
  }
  return [...groups.values()];
};
