export type { TopicSource } from './topic-source.port';
export type { Batch, Bus, DeadLetter, Lag, Subscription } from './bus.port';
export { busMetrics } from './bus-metrics';
export { type EmbeddedBusOptions, createEmbeddedBus } from './embedded-bus';
export { follow } from './follow';
export { type ConsumerGroup, BusServer, Consumes } from './bus-server';
export { type Unnumbered, MemoryTopic } from './memory-topic';
export { topicSourceContract } from './topic-source.contract';
