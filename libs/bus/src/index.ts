export type { TopicSource } from './topic-source.port';
export type { Batch, Bus, Subscription } from './bus.port';
export { createEmbeddedBus } from './embedded-bus';
