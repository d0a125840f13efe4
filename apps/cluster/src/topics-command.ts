import { type KafkaOptions, kafkaConfig, kafkaOptionsOf, repairTopics, topicTable } from '@atelier/bus';
import { ConfigurationError, type Log, readConfig } from '@atelier/platform';
import { clusterConfig } from './config';
import { SERVICE_NAMES, schemaOf } from './services';

/** Makes and repairs the topics of an installation; answers what there is now, for people. A second run changes nothing. */
export const topicsCommand = async (env: Readonly<Record<string, string | undefined>>, log: Log): Promise<string> => topicTable(await repairTopics(topicsOptions(env), log));

/** From the environment that the services have, too: their other settings are passed over, and a name that nobody knows is a mistake. */
export const topicsOptions = (env: Readonly<Record<string, string | undefined>>): KafkaOptions => {
  const others = new Set([clusterConfig, ...SERVICE_NAMES.map(schemaOf)].flatMap(({ shape }) => Object.keys(shape)).filter((name) => !(name in kafkaConfig.shape)));
  const options = kafkaOptionsOf(readConfig(kafkaConfig, Object.fromEntries(Object.entries(env).filter(([name]) => !others.has(name)))));
  if (!options) throw new ConfigurationError('ATELIER_KAFKA_BROKERS: expected where Kafka is found, host:port');
  return options;
};
