import { Fault } from '@atelier/contracts';
import type { Log } from '@atelier/platform';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { busMetrics } from './bus-metrics';
import { withForeignTopics } from './foreign-batches';
import { createKafkaBus } from './kafka/kafka-bus';
import { createKafkaClient } from './kafka/kafka-client';
import { type KafkaOptions, kafkaConfig, kafkaOptionsOf } from './kafka/kafka-config';
import { kafkaMetrics } from './kafka/kafka-metrics';
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
  const metrics = new Registry();
  busMetrics(metrics, bus);
  kafkaMetrics(metrics, kafka, publishers);
  return {
    bus,
    publish: (publication) => void publishers.push(publishToKafka({ options, log, ...publication })),
    reach: reaching(options, log),
    metrics,
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
