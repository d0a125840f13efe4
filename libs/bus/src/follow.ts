import { randomUUID } from 'node:crypto';
import type { PublicEvent, TopicName } from '@atelier/contracts';
import type { Bus } from './bus.port';

/**
 * Tells the caches of this process what happens from now on; answers how to stop. A group of its own, for every process needs every event; nothing is
 * stored. What is missed while the bus is away costs what the life of a cached answer is.
 */
export const follow = (bus: Bus, topic: TopicName, tell: readonly { changed(event: PublicEvent): void }[]): Promise<() => Promise<void>> =>
  bus.subscribe({
    topic,
    group: `follower.${randomUUID()}`,
    position: async () => 'end',
    handle: async ({ messages }) => {
      for (const event of messages) for (const each of tell) each.changed(event);
    },
  });
