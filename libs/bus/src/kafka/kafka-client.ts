import { Fault } from '@atelier/contracts';
import type { Log } from '@atelier/platform';
import type { Admin, Kafka, LogEntry, SASLOptions, logLevel } from 'kafkajs';
import { mendIdleLoop } from './idle-loop';
import type { KafkaOptions } from './kafka-config';

/** Loads kafkajs when it is first needed: who runs without Kafka does not pay for it. */
export const loadKafkajs = async (): Promise<typeof import('kafkajs')> => {
  const kafkajs = await import('kafkajs');
  const [{ version }, queue] = [require('kafkajs/package.json') as { version: string }, require('kafkajs/src/network/requestQueue') as { prototype: Parameters<typeof mendIdleLoop>[1] }];
  mendIdleLoop(version, queue.prototype);
  return kafkajs;
};

const CONNECT_MS = 5_000;
const REQUEST_MS = 15_000; // a broker that keeps a connection and answers nothing is left within this
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 }; // who uses the client begins anew after that, and says so

/** One client for everything that a process does; it connects nowhere by itself. */
export const createKafkaClient = async (options: KafkaOptions, log: Log): Promise<Kafka> => {
  const kafkajs = await loadKafkajs();
  return new kafkajs.Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    ...(options.tls && { ssl: options.tls.ca === undefined ? true : { ca: options.tls.ca } }),
    ...(options.sasl && { sasl: options.sasl as SASLOptions }), // its union of mechanisms does not take a union
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retry: RETRY,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => kafkaLog(log, kafkajs.logLevel),
  });
};

/** An admin that is connected; a Fault in one line where no broker answers. */
export const connectedAdmin = async (options: KafkaOptions, log: Log): Promise<Admin> => {
  const admin = (await createKafkaClient(options, log)).admin();
  try {
    await admin.connect();
    return admin;
  } catch (error) {
    throw new Fault(`expected Kafka at ${options.brokers.join(', ')}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
};

/**
 * kafkajs calls much an error that it gets over by itself, such as a coordinator that is still loading: that is for who looks closely. What it cannot
 * get over ends a producer or a consumer, and whoever begins that anew warns.
 */
const kafkaLog = (log: Log, levels: typeof logLevel) => ({ level, namespace, log: { message, timestamp: _, logger: __, stack: ___, ...fields } }: LogEntry): void => {
  const say = level <= levels.WARN && /^Crash|^Failed to execute listener/.test(message) ? log.warn : log.debug;
  say.call(log, { kafka: namespace, ...fields }, message);
};

/** The name of a topic on the cluster. */
export const topicOn = ({ topicPrefix }: KafkaOptions, topic: string): string => topicPrefix + topic;
