export { type Append, type EventStore, type Fact, type Projection, type Recorded, ConcurrencyConflict } from './event-store';
export { type Decider, type Message, decideWith, fold } from './decider';
export { handle } from './handle';
export { EVENT_STORE_MIGRATIONS } from './migrations';
export { type EventStoreOptions, createEventStore, rebuild } from './postgres-event-store';
export { type TopicOptions, topicSourceOf } from './topic-source';
