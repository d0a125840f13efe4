/** Makes the topics that are missing on the given brokers, says what is there, and ends: the service `topics` of docker-compose.yml. */
import { createTopics, kafkaOptionsOf, kafkaServiceConfig } from '@atelier/bus';
import { ConfigurationError, createLog, readConfig, runProcess } from '@atelier/platform';

const main = async (): Promise<never> => {
  const options = kafkaOptionsOf(readConfig(kafkaServiceConfig, process.env));
  if (!options) throw new ConfigurationError('ATELIER_KAFKA_BROKERS: expected host:port');
  for (const { topic, partitions, made } of await createTopics(options, createLog('topics', 'warn'))) console.log(`${made ? '✓ made ' : '  there'} ${topic} (${partitions})`);
  process.exit(0);
};

void runProcess(main);
