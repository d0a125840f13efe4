import { type KafkaOptions, kafkaConfig, kafkaOptionsOf, repairTopics, topicTable } from '@atelier/bus';
import { ConfigurationError, type Log, readConfig } from '@atelier/platform';
import { clusterConfig } from './config';
import { SERVICE_NAMES, schemaOf } from './services';

type Env = Readonly<Record<string, string | undefined>>;

/** Makes and repairs the topics of an installation; answers what there is now, for people. A second run changes nothing. */
export const topicsCommand = async (env: Env, log: Log): Promise<string> => topicTable(await repairTopics(topicsOptions(env), log));

/** From the environment that the services have, too: their other settings are passed over, and a name that nobody knows is a mistake. */
export const topicsOptions = (env: Env): KafkaOptions => {
  const isOfOthers = Object.keys(env).some((name) => name.startsWith('ATELIER_') && !isOurs(name)) ? settingsOfOthers() : () => false;
  const options = kafkaOptionsOf(readConfig(kafkaConfig, Object.fromEntries(Object.entries(env).filter(([name]) => !isOfOthers(name)))));
  if (!options) throw new ConfigurationError('ATELIER_KAFKA_BROKERS: expected where Kafka is found, host:port');
  return options;
};

// A setting may stand in a file, which is then named by `…_FILE`.
const isNamedIn = (settings: object, name: string): boolean => name in settings || name.replace(/_FILE$/, '') in settings;
const isOurs = (name: string): boolean => isNamedIn(kafkaConfig.shape, name);

// Loads every service, so only where it has to be known.
const settingsOfOthers = (): ((name: string) => boolean) => {
  const shapes = [clusterConfig, ...SERVICE_NAMES.map(schemaOf)].map(({ shape }) => shape);
  return (name) => !isOurs(name) && shapes.some((shape) => isNamedIn(shape, name));
};
