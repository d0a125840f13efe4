import { comparedMetrics } from '@atelier/testing';
import { Registry } from 'prom-client';
import { busMetrics } from '../bus-metrics';
import type { ForeignLag } from './kafka-bus';
import { kafkaMetrics } from './kafka-metrics';
import type { PublisherLag } from './publisher-place';

const taken = (over: Partial<ForeignLag>): ForeignLag => ({ group: 'triggers', topic: 'atelier.triggers', partition: 0, records: 0, seconds: 0, failures: 0, deadLetters: 0, repeats: 0, ...over });
const published = (over: Partial<PublisherLag>): PublisherLag => ({ topic: 'atelier.flows.events', log: 'flows', shard: 0, events: 0, seconds: 0, isHeld: false, ...over });

const textOf = async (lags: readonly ForeignLag[], publishers: readonly { lag: () => Promise<readonly PublisherLag[]>; isUp: () => boolean }[]): Promise<readonly string[]> => {
  const registry = new Registry();
  kafkaMetrics(registry, { foreignLag: () => lags, isUp: () => true }, publishers);
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
};

describe('the metrics of Kafka', () => {
  it('tell how far each published topic is behind its log, and how old that is', async () => {
    const flows = { lag: async () => [published({ events: 2, seconds: 1.5 }), published({ shard: 1, events: 3, seconds: 4, isHeld: true })], isUp: () => true };
    const results = { lag: async () => [published({ topic: 'atelier.triggers.results' })], isUp: () => false };
    expect(await textOf([], [flows, results])).toEqual([
      'atelier_publisher_lag_events{topic="atelier.flows.events"} 5',
      'atelier_publisher_lag_events{topic="atelier.triggers.results"} 0',
      'atelier_publisher_lag_seconds{topic="atelier.flows.events"} 4',
      'atelier_publisher_lag_seconds{topic="atelier.triggers.results"} 0',
      'atelier_publisher_held_shards{topic="atelier.flows.events"} 1',
      'atelier_publisher_held_shards{topic="atelier.triggers.results"} 0',
      'atelier_kafka_up{part="consumers"} 1',
      'atelier_kafka_up{part="publishers"} 0',
    ]);
  });

  it('tell how far each group is behind what others write, what stands still and what was passed over', async () => {
    const lags = [taken({ records: 7, seconds: 3, repeats: 2 }), taken({ partition: 1, records: 1, seconds: 9, failures: 4, deadLetters: 1 }), taken({ group: 'others' })];
    expect((await textOf(lags, [])).filter((line) => line.includes('"triggers"'))).toEqual([
      'atelier_foreign_lag_records{group="triggers",topic="atelier.triggers"} 8',
      'atelier_foreign_lag_seconds{group="triggers",topic="atelier.triggers"} 9',
      'atelier_foreign_stopped_partitions{group="triggers",topic="atelier.triggers"} 1',
      'atelier_foreign_dead_letters{group="triggers",topic="atelier.triggers"} 1',
      'atelier_foreign_repeats{group="triggers",topic="atelier.triggers"} 2',
    ]);
  });

  it('stand on the reference page with their meanings', async () => {
    const registry = new Registry();
    kafkaMetrics(registry, { foreignLag: () => [taken({})], isUp: () => true }, [{ lag: async () => [published({})], isUp: () => true }]);
    const { documented, served } = comparedMetrics('audit-service', await registry.metrics());
    expect(Object.keys(served)).toHaveLength(9);
    expect(documented).toMatchObject(served);
  });

  it('tell of a consumer of ours: events, age, what stands still, dead letters', async () => {
    const registry = new Registry();
    const lag = { group: 'audit', topic: 'atelier.flows.events', log: 'flows', events: 2, seconds: 5, failures: 0, deadLetters: 1 } as const;
    busMetrics(registry, { lag: async () => [{ ...lag, shard: 0 }, { ...lag, shard: 1, seconds: 8, failures: 3 }] });
    const names = '{group="audit",topic="atelier.flows.events"}';
    expect((await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      `atelier_consumer_lag_events${names} 4`,
      `atelier_consumer_lag_seconds${names} 8`,
      `atelier_consumer_stopped_shards${names} 1`,
      `atelier_consumer_dead_letters${names} 2`,
    ]);
  });
});
