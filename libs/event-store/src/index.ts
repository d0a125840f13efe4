export { type Append, type EventStore, type Fact, type Projection, type Recorded, ConcurrencyConflict } from './event-store';
