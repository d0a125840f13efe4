import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '@atelier/platform';
import { type Append, type EventStore, type Recorded, ConcurrencyConflict } from './event-store';

/** A log that lives as long as its process: for specs and for whole systems in memory. It projects nothing. */
export const createMemoryEventStore = (clock: Pick<Clock, 'nowMs'> = systemClock): EventStore => {
  const log: Recorded[] = [];
  const listeners = new Set<() => void>();
  const streamOf = (stream: string) => log.filter((event) => event.stream === stream);
  return {
    read: async (stream, fromVersion = 1) => streamOf(stream).slice(fromVersion - 1),
    append: async (batch) => {
      const recorded = recordedOf(batch, (stream) => streamOf(stream).length, log.length, new Date(clock.nowMs()).toISOString());
      log.push(...recorded);
      if (recorded.length > 0) for (const wake of listeners) wake();
      return recorded;
    },
    readLog: async (after, limit) => log.slice(after, after + limit),
    end: async () => log.length,
    onAppend: (wake) => {
      listeners.add(wake);
      return () => void listeners.delete(wake);
    },
    close: async () => undefined,
  };
};

const recordedOf = (batch: readonly Append[], versionOf: (stream: string) => number, before: number, at: string): Recorded[] => {
  const versions = new Map<string, number>();
  let position = before;
  return batch.flatMap(({ stream, expectedVersion, events, meta }) => {
    const version = versions.get(stream) ?? versionOf(stream);
    if (version !== expectedVersion) throw new ConcurrencyConflict(`expected version ${expectedVersion} of ${stream}, found ${version}`);
    versions.set(stream, version + events.length);
    // Stored as JSON would be: nobody can change an event through the object that he handed in.
    return events.map((event, i) => ({ ...structuredClone(event), id: randomUUID(), stream, version: version + i + 1, position: ++position, at, meta }));
  });
};
