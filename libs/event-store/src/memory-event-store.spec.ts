import { topicSourceContract } from '@atelier/bus';
import { META, eventStoreContract, noted } from './event-store.contract';
import { createMemoryEventStore } from './memory-event-store';
import { sampleTopic } from './sample-events';

eventStoreContract('the log in memory', async () => createMemoryEventStore());

topicSourceContract('a topic over the log in memory', async () => {
  const store = createMemoryEventStore();
  return { source: sampleTopic(store), append: async () => store.append([{ stream: 'a', expectedVersion: (await store.read('a')).length, events: [noted(1)], meta: META }]) };
});
