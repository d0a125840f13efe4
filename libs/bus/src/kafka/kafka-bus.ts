import { Defect } from '@atelier/contracts';
import { type Clock, type Log, systemClock } from '@atelier/platform';
import type { Bus, Subscription } from '../bus.port';
import { ForeignReader } from './foreign-reader';
import type { ForeignSubscription } from './foreign.port';
import type { KafkaOptions } from './kafka-config';
import { KafkaReader } from './kafka-reader';
import { KafkaSender } from './kafka-sender';

const BATCH_EVENTS_MAX = 500; // one statement of a consumer; more gains little and holds locks longer
const RETRY_MS = 100;

/** Left out: the values above and the system's clock. */
export type KafkaBusOptions = { readonly batchEventsMax?: number; readonly retryMs?: number; readonly clock?: Clock };

/** How far one group is behind in one partition of a topic that others write. */
export type ForeignLag = {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  readonly seconds: number;
  readonly failures: number;
  readonly deadLetters: number;
  /** Records that came again after their keys were forgotten and were passed over, since the process was started. */
  readonly repeats: number;
};

export interface KafkaBus extends Bus {
  /** Delivers what others write; answers how to stop, which finishes the batch in hand. */
  subscribeForeign(subscription: ForeignSubscription): Promise<() => Promise<void>>;
  foreignLag(): readonly ForeignLag[];
  /** Whether every subscription is a member of its group now. */
  isUp(): boolean;
}

type Reader = { stop(): Promise<void>; readonly isUp: boolean };

/** The bus over Apache Kafka. Invariants: kafka-reader.ts, foreign-reader.ts. It starts and goes on without a broker, and catches up when there is one. */
export const createKafkaBus = (options: KafkaOptions, log: Log, { batchEventsMax = BATCH_EVENTS_MAX, retryMs = RETRY_MS, clock = systemClock }: KafkaBusOptions = {}): KafkaBus => {
  const sender = new KafkaSender(options, log);
  const [own, foreign] = [new Map<string, KafkaReader>(), new Map<string, ForeignReader>()];

  const entered = <R extends Reader>(readers: Map<string, R>, { group, topic }: { group: string; topic: string }, make: () => R) => {
    const name = `${group} ${topic}`;
    if (own.has(name) || foreign.has(name)) throw new Defect(`expected one subscription of ${topic} by group ${group} in a process, found a second`);
    const reader = make();
    readers.set(name, reader);
    const stop = async (): Promise<void> => {
      await reader.stop();
      readers.delete(name);
    };
    return { reader, stop };
  };

  return {
    subscribe: async (subscription: Subscription) => {
      const { reader, stop } = entered(own, subscription, () => new KafkaReader(subscription, { options, log, clock, sender, batchEventsMax, retryMs }));
      await reader.start();
      return stop;
    },
    subscribeForeign: async (subscription) =>
      entered(foreign, subscription, () => new ForeignReader(subscription, { options, log, clock, sender, batchRecordsMax: batchEventsMax, retryMs })).stop,
    lag: async () => [...own.values()].flatMap((reader) => reader.lag()),
    foreignLag: () => [...foreign.values()].flatMap((reader) => reader.lag()),
    isUp: () => [...own.values(), ...foreign.values()].every((reader) => reader.isUp),
    close: async () => {
      await Promise.all([...own.values(), ...foreign.values()].map((reader) => reader.stop()));
      await sender.close();
    },
  };
};
