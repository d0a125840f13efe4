import { type Reading, measured } from '@atelier/platform';
import type { Registry } from 'prom-client';
import type { Bus, Lag } from './bus.port';

const labels = ['group', 'topic'] as const;
const sum = (lags: readonly Lag[], of: (lag: Lag) => number): number => lags.reduce((total, lag) => total + of(lag), 0);

/** How far the consumers of this process are behind, by group and topic: the shards of a topic together. */
export const busMetrics = (registry: Registry, bus: Pick<Bus, 'lag'>): void =>
  measured(
    registry,
    [
      { name: 'atelier_consumer_lag_events', help: 'Events that a consumer has not handled yet.', labels },
      { name: 'atelier_consumer_lag_seconds', help: 'Age of the oldest of them.', labels },
      { name: 'atelier_consumer_stopped_shards', help: 'Shards that stand still because their last batch failed; they are tried again.', labels },
      { name: 'atelier_consumer_dead_letters', help: 'Events that a consumer could not handle and has put aside, since the process was started.', labels },
    ],
    async () => {
      const groups = new Map<string, Lag[]>();
      for (const lag of await bus.lag()) groups.set(`${lag.group} ${lag.topic}`, [...(groups.get(`${lag.group} ${lag.topic}`) ?? []), lag]);
      const read = (value: (lags: readonly Lag[]) => number): Reading[] =>
        [...groups.values()].map((lags) => ({ labels: { group: lags[0]?.group ?? '', topic: lags[0]?.topic ?? '' }, value: value(lags) }));
      return [
        read((lags) => sum(lags, ({ events }) => events)),
        read((lags) => Math.max(...lags.map(({ seconds }) => seconds))),
        read((lags) => lags.filter(({ failures }) => failures > 0).length),
        read((lags) => sum(lags, ({ deadLetters }) => deadLetters)),
      ];
    },
  );
