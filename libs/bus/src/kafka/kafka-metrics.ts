import { type Measure, type Reading, measured } from '@atelier/platform';
import type { Registry } from 'prom-client';
import type { ForeignLag, KafkaBus } from './kafka-bus';
import type { KafkaPublisher } from './kafka-publisher';
import type { PublisherLag } from './publisher-place';

const foreign = ['group', 'topic'] as const;
const topic = ['topic'] as const;
const MEASURES: readonly Measure[] = [
  { name: 'atelier_foreign_lag_records', help: 'Records of a topic that others write, not handled yet, of the partitions read here.', labels: foreign },
  { name: 'atelier_foreign_lag_seconds', help: 'Age of the oldest of them.', labels: foreign },
  { name: 'atelier_foreign_stopped_partitions', help: 'Partitions that stand still because their last batch failed; they are tried again.', labels: foreign },
  { name: 'atelier_foreign_dead_letters', help: 'Records that a consumer could not handle and has put aside, since the process was started.', labels: foreign },
  { name: 'atelier_foreign_repeats', help: 'Records that came again after their keys were forgotten and were passed over, since the process was started.', labels: foreign },
  { name: 'atelier_publisher_lag_events', help: 'Events of the shards published here that their topic does not have yet.', labels: topic },
  { name: 'atelier_publisher_lag_seconds', help: 'Age of the oldest of them.', labels: topic },
  { name: 'atelier_publisher_held_shards', help: 'Shards whose next event cannot be published: the broker refuses it for its size, or the log has a gap.', labels: topic },
  { name: 'atelier_kafka_up', help: 'Whether all consumers are members of their groups (1 or 0), and whether the last attempt to publish succeeded.', labels: ['part'] },
];

/** What Kafka adds to the metrics of a bus: how far topics are behind their logs, what others write, and whether the cluster can be used. */
export const kafkaMetrics = (registry: Registry, bus: Pick<KafkaBus, 'foreignLag' | 'isUp'>, publishers: readonly Pick<KafkaPublisher, 'lag' | 'isUp'>[]): void =>
  measured(registry, MEASURES, async () => {
    const taken = groupsOf(bus.foreignLag(), ({ group, topic }) => ({ group, topic }));
    const published = groupsOf((await Promise.all(publishers.map((each) => each.lag()))).flat(), ({ topic }) => ({ topic }));
    return [
      taken(sumOf((lag: ForeignLag) => lag.records)),
      taken(maxOf((lag: ForeignLag) => lag.seconds)),
      taken(sumOf((lag: ForeignLag) => Number(lag.failures > 0))),
      taken(sumOf((lag: ForeignLag) => lag.deadLetters)),
      taken(sumOf((lag: ForeignLag) => lag.repeats)),
      published(sumOf((lag: PublisherLag) => lag.events)),
      published(maxOf((lag: PublisherLag) => lag.seconds)),
      published(sumOf((lag: PublisherLag) => Number(lag.isHeld))),
      [
        { labels: { part: 'consumers' }, value: Number(bus.isUp()) },
        ...(publishers.length > 0 ? [{ labels: { part: 'publishers' }, value: Number(publishers.every((each) => each.isUp())) }] : []),
      ],
    ];
  });

type Value<T> = (lags: readonly T[]) => number;

const sumOf = <T>(of: (lag: T) => number): Value<T> => (lags) => lags.reduce((sum, lag) => sum + of(lag), 0);
const maxOf = <T>(of: (lag: T) => number): Value<T> => (lags) => Math.max(...lags.map(of));

/** One reading for all lags with the same names. */
const groupsOf = <T>(lags: readonly T[], namesOf: (lag: T) => Readonly<Record<string, string>>) => {
  const groups = new Map<string, { readonly labels: Readonly<Record<string, string>>; readonly lags: T[] }>();
  for (const lag of lags) {
    const labels = namesOf(lag);
    const key = Object.values(labels).join(' ');
    const group = groups.get(key) ?? { labels, lags: [] };
    group.lags.push(lag);
    groups.set(key, group);
  }
  return (value: Value<T>): Reading[] => [...groups.values()].map((group) => ({ labels: group.labels, value: value(group.lags) }));
};
