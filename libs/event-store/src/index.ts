export { type Append, type EventStore, type Fact, type Projection, type Recorded, type Write, ConcurrencyConflict } from './event-store';
export { type Decider, type Message, decideWith, fold } from './decider';
export { handle } from './handle';
export { EVENT_STORE_MIGRATIONS } from './migrations';
export { type EventStoreOptions, type SqlEventStore, createEventStore, rebuild, writing } from './postgres-event-store';
export { type TopicOptions, topicSourceOf } from './topic-source';
export { createMemoryEventStore } from './memory-event-store';
export { type Specified, specification } from './specification';
