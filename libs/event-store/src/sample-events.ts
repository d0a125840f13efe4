import type { TopicSource } from '@atelier/bus';
import { Rejection } from '@atelier/contracts';
import type { Decider } from './decider';
import type { EventStore, Projection } from './event-store';
import { topicSourceOf } from './topic-source';

/** A counter, for specs: it only goes up, to a limit. */
export type Counted = { readonly type: 'Counted'; readonly data: { readonly by: number } };
export type Count = { readonly type: 'Count'; readonly data: { readonly by: number } };

export const counter: Decider<Count, Counted, { total: number }> = {
  initialState: () => ({ total: 0 }),
  decide: {
    Count: ({ data: { by } }, { total }) => {
      if (total + by > 10) throw new Rejection('Conflict', { message: 'full' });
      return by === 0 ? [] : [{ type: 'Counted', data: { by } }];
    },
  },
  evolve: { Counted: (state, { data: { by } }) => void (state.total += by) },
};

/** One row a counter, its sum: for specs. */
export const counterTable: Projection = {
  name: 'counter',
  on: {
    Counted: (events) => ({
      statement: `insert into counter (name, total) select name, sum(by) from unnest($1::text[], $2::int[]) t (name, by) group by name
        on conflict (name) do update set total = counter.total + excluded.total`,
      values: [events.map(({ stream }) => stream), events.map(({ data }) => (data as Counted['data']).by)], // what Counted holds
    }),
  },
  clear: async (tx) => void (await tx.query('delete from counter')),
};

/** The log as a topic, for specs. */
export const sampleTopic = (store: EventStore): TopicSource =>
  topicSourceOf(store, {
    topic: 'atelier.flows.events',
    log: 'flows',
    publish: ({ id, type, at, position, data }) => ({
      specversion: '1.0', id, source: '/samples', type, time: at, datacontenttype: 'application/json', log: 'flows', shard: 0, pos: position, data: { ...data },
    }),
  });
