import type { Log } from '@atelier/platform';
import { Registry } from 'prom-client';
import { busMetrics } from './bus-metrics';
import type { Bus } from './bus.port';
import { type EmbeddedBusOptions, createEmbeddedBus } from './embedded-bus';
import type { PublishedPositions } from './kafka/published-positions';
import type { TopicSource } from './topic-source.port';

/** A log on its way to its topic. */
export type Publication = {
  readonly source: TopicSource;
  /** How far it came so far, in the database of its context. */
  readonly positions: PublishedPositions;
  /** The shards that this process publishes, asked again and again; left out: all. */
  readonly owns?: (shard: number) => boolean;
};

/** How a process talks to the others: what it publishes, and where it reads. */
export interface Messaging {
  readonly bus: Bus;
  /** From now on, this log reaches its topic. */
  publish(publication: Publication): void;
  /** Whether the others can be reached now: rejects where not. */
  reach(): Promise<void>;
  /** How far consumers and topics are behind. */
  readonly metrics: Registry;
  /** Finishes the batches in hand, the last sends included. */
  close(): Promise<void>;
}

/** Several services in one process: what is published here is read here, straight from its log. Who publishes has to come before who reads. */
export const embeddedMessaging = (log: Log, options: EmbeddedBusOptions = {}): Messaging => {
  const sources: TopicSource[] = [];
  const bus = createEmbeddedBus(sources, log, options);
  const metrics = new Registry();
  busMetrics(metrics, bus);
  return {
    bus,
    publish: ({ source }) => void sources.push(source),
    reach: () => Promise.resolve(),
    metrics,
    close: () => bus.close(),
  };
};
