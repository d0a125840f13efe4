import { setTimeout as sleep } from 'node:timers/promises';
import { type KafkaOptions, type Messaging, connectKafka, createTopics, embeddedMessaging, kafkaOptionsOf } from '@atelier/bus';
import type { Log, Parts } from '@atelier/platform';
import type { AtelierConfig } from './config';

const AGAIN_MS = 10_000; // a broker that comes later is found within this

/** How this process talks with others: over Kafka where brokers are given, else its consumers read its own logs. */
export const connectMessaging = (config: AtelierConfig, log: Log): Promise<Messaging> => {
  const { ATELIER_KAFKA_BROKERS: brokers } = config;
  return brokers === undefined ? Promise.resolve(embeddedMessaging(log)) : connectKafka({ ...config, ATELIER_KAFKA_BROKERS: brokers }, log);
};

/**
 * Makes the topics that are missing on given brokers. Flows run without them, so a broker that is away, or that lets this process make none, holds up
 * nothing: it is tried again.
 */
export const startTopics = async (config: AtelierConfig, parts: Parts, log: Log): Promise<void> => {
  const options = kafkaOptionsOf(config);
  if (options) await parts.start('topics', () => topicsOn(options, log), (stop) => stop());
};

const topicsOn = async (options: KafkaOptions, log: Log): Promise<() => Promise<void>> => {
  const stopping = new AbortController();
  const made = (): Promise<boolean> =>
    createTopics(options, log).then(
      () => true,
      (error: unknown) => {
        log.warn({ error: String(error), againMs: AGAIN_MS }, 'the topics could not be made; trying on');
        return false;
      },
    );
  const tryOn = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sleep(AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined); // stopping ends the wait
      if (stopping.signal.aborted || (await made())) return;
    }
  };
  const trying = (await made()) ? Promise.resolve() : tryOn();
  return async () => {
    stopping.abort();
    await trying;
  };
};
