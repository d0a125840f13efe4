import { readFileSync } from 'node:fs';
import { ConfigurationError, oneOf, wholeNumber } from '@atelier/platform';
import { z } from 'zod';

/** How to reach a Kafka cluster, and how topics are made there. Plain data. */
export type KafkaOptions = {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Before the name of every topic and group: several installations on one cluster. */
  readonly topicPrefix: string;
  readonly sasl?: { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: string };
  /** `ca`: the text of the authorities' certificates; left out: those of Node. */
  readonly tls?: { readonly ca?: string };
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  readonly partitionsMax: number;
};

/** What a process that talks to Kafka may be told. */
export const kafkaConfig = z.object({
  ATELIER_KAFKA_BROKERS: z
    .string()
    .regex(/^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$/, 'expected host:port, several with commas')
    .optional()
    .describe('Where Kafka is found: host:port, several with commas. Left out: no Kafka, the bus of one process.'),
  ATELIER_KAFKA_CLIENT_ID: z.string().min(1).default('atelier').describe('The name under which brokers log this process.'),
  ATELIER_KAFKA_TOPIC_PREFIX: z.string().regex(/^[A-Za-z0-9._-]*$/).default('').describe('Before the name of every topic and group: several installations on one cluster.'),
  ATELIER_KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional().describe('Left out: no SASL.'),
  ATELIER_KAFKA_SASL_USERNAME: z.string().min(1).optional().describe('With a SASL mechanism.'),
  ATELIER_KAFKA_SASL_PASSWORD: z.string().min(1).optional().describe('With a SASL mechanism.'),
  ATELIER_KAFKA_TLS: oneOf(['off', 'on'], 'Whether connections are encrypted.'),
  ATELIER_KAFKA_TLS_CA_FILE: z.string().min(1).optional().describe('Certificates of the authorities to believe, PEM. Left out: those of Node.'),
  ATELIER_KAFKA_REPLICATION_FACTOR: wholeNumber(1, 'Copies of each record of a topic that is made; 3 on a cluster of three brokers or more.', 1),
  ATELIER_KAFKA_MIN_INSYNC_REPLICAS: wholeNumber(1, 'Copies that must be written before a record counts, for topics that are made; 2 with three copies.', 1),
  ATELIER_KAFKA_PARTITIONS_MAX: wholeNumber(16, 'Partitions of a topic that is made, at the most. Partitions of a topic never change.', 1),
});

/** Undefined without brokers; mistakes that only two settings together can make are one text, as all others. */
export const kafkaOptionsOf = (config: z.infer<typeof kafkaConfig>): KafkaOptions | undefined => {
  if (config.ATELIER_KAFKA_BROKERS === undefined) return undefined;
  if (config.ATELIER_KAFKA_MIN_INSYNC_REPLICAS > config.ATELIER_KAFKA_REPLICATION_FACTOR) {
    throw new ConfigurationError('ATELIER_KAFKA_MIN_INSYNC_REPLICAS: expected at most ATELIER_KAFKA_REPLICATION_FACTOR, or nothing can be written');
  }
  const [sasl, tls] = [saslOf(config), tlsOf(config)];
  return {
    brokers: config.ATELIER_KAFKA_BROKERS.split(','),
    clientId: config.ATELIER_KAFKA_CLIENT_ID,
    topicPrefix: config.ATELIER_KAFKA_TOPIC_PREFIX,
    ...(sasl && { sasl }),
    ...(tls && { tls }),
    replicationFactor: config.ATELIER_KAFKA_REPLICATION_FACTOR,
    minInsyncReplicas: config.ATELIER_KAFKA_MIN_INSYNC_REPLICAS,
    partitionsMax: config.ATELIER_KAFKA_PARTITIONS_MAX,
  };
};

const saslOf = (config: z.infer<typeof kafkaConfig>): KafkaOptions['sasl'] => {
  const { ATELIER_KAFKA_SASL_MECHANISM: mechanism, ATELIER_KAFKA_SASL_USERNAME: username, ATELIER_KAFKA_SASL_PASSWORD: password } = config;
  if (mechanism === undefined && username === undefined && password === undefined) return undefined;
  if (mechanism === undefined || username === undefined || password === undefined) {
    throw new ConfigurationError('ATELIER_KAFKA_SASL_MECHANISM, ATELIER_KAFKA_SASL_USERNAME and ATELIER_KAFKA_SASL_PASSWORD: expected all of them or none');
  }
  return { mechanism, username, password };
};

const tlsOf = ({ ATELIER_KAFKA_TLS: tls, ATELIER_KAFKA_TLS_CA_FILE: file }: z.infer<typeof kafkaConfig>): KafkaOptions['tls'] => {
  if (tls === 'off' && file !== undefined) throw new ConfigurationError('ATELIER_KAFKA_TLS_CA_FILE: expected ATELIER_KAFKA_TLS=on beside it');
  if (tls === 'off') return undefined;
  if (file === undefined) return {};
  try {
    return { ca: readFileSync(file, 'utf8') };
  } catch (error) {
    throw new ConfigurationError(`ATELIER_KAFKA_TLS_CA_FILE: cannot be read: ${(error as Error).message}`);
  }
};
