import { join } from 'node:path';
import { createTopics, kafkaConfig, kafkaOptionsOf } from '@atelier/bus';
import { ConfigurationError, type Log, type NativeKafkaOptions, type Parts, type Say, nativeKafkaProblem, readConfig, startNativeKafka } from '@atelier/platform';
import type { ClusterConfig } from './config';
import { isAlive } from './process-list';

const LOOK_EACH_MS = 250;

export type KafkaPart = { readonly brokers: string; stop(): Promise<void> };

/** The given brokers, or a broker of this machine that is watched; and the topics on them, where they are missing. */
export const startKafka = async (config: ClusterConfig, passed: Readonly<Record<string, string>>, dataDir: string, parts: Parts, say: Say, log: Log): Promise<string> => {
  const { ATELIER_KAFKA_BROKERS: given, ATELIER_CACHE_DIR: cacheDir } = config;
  const problem = nativeKafkaProblem(cacheDir);
  if (given === undefined && problem !== undefined) throw new ConfigurationError(`${problem}; or set ATELIER_KAFKA_BROKERS to a Kafka of your own.`);
  const brokers = given ?? (await parts.start('Kafka (native)', () => startWatchedKafka({ dataDir: join(dataDir, 'kafka'), cacheDir }, say), (each) => each.stop())).brokers;
  const own = Object.fromEntries(Object.entries(passed).filter(([name]) => name in kafkaConfig.shape));
  const options = kafkaOptionsOf(readConfig(kafkaConfig, { ...own, ATELIER_KAFKA_BROKERS: brokers, ATELIER_KAFKA_CLIENT_ID: 'cluster' }));
  if (options) await parts.start('topics', () => createTopics(options, log));
  return brokers;
};

/** Starts the broker of a data folder, and again where it dies. What it holds is on its disk; the services wait for it. */
const startWatchedKafka = async (options: NativeKafkaOptions, say: Say): Promise<KafkaPart> => {
  let broker = await startNativeKafka(options);
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    if (isAlive(broker.pid)) return;
    const began = performance.now();
    say('✗ Kafka ended; again at once');
    broker = await startNativeKafka(options);
    say(`✓ ${'Kafka again'.padEnd(34)} ${((performance.now() - began) / 1_000).toFixed(2)} s`);
  };
  const timer = setInterval(() => (looking = looking.then(look).catch((error: unknown) => say(`✗ Kafka could not be started again; trying on: ${String(error)}`))), LOOK_EACH_MS);
  return {
    brokers: broker.brokers,
    stop: async () => {
      clearInterval(timer);
      await looking;
      await broker.stop();
    },
  };
};
