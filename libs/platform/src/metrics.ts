import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';
import type { Database } from './database';

/** What a gauge is: its name, one sentence for whoever reads it at night, and its labels. */
export type Measure = { readonly name: string; readonly help: string; readonly labels?: readonly string[] };
export type Reading = { readonly labels?: Readonly<Record<string, string>>; readonly value: number };

const NS_PER_MS = 1_000_000;

/** Gauges that are read when somebody asks. What cannot be read says nothing (NaN without labels), so that one absent part hides no other. */
export const measured = (registry: Registry, measures: readonly Measure[], read: () => Promise<readonly (readonly Reading[])[]>): void => {
  let reading: Promise<readonly (readonly Reading[])[]> | undefined;
  // All gauges of one call are asked in one turn and share one reading.
  const shared = (): Promise<readonly (readonly Reading[])[]> => (reading ??= read().catch(() => []).finally(() => (reading = undefined)));
  measures.forEach(({ name, help, labels = [] }, i) => {
    const gauge: Gauge = new Gauge({
      name, help, labelNames: [...labels], registers: [registry],
      collect: async () => {
        const readings = (await shared())[i];
        gauge.reset();
        if (!readings && labels.length === 0) gauge.set(NaN);
        for (const each of readings ?? []) gauge.set(each.labels ?? {}, each.value);
      },
    });
  });
};

/** How late timers and callbacks of this thread run since the last look, and what the process holds. `thread` names it. */
export const processMetrics = (registry: Registry, thread: string): void => {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const startedSeconds = (performance.timeOrigin + performance.now()) / 1_000; // the origin is the same in all threads
  const quantiles = [50, 99, 100];
  measured(
    registry,
    [
      { name: 'atelier_event_loop_delay_ms', help: 'How late the event loop of a thread runs, by quantile since the last look.', labels: ['thread', 'quantile'] },
      { name: 'atelier_heap_used_bytes', help: 'Memory that JavaScript objects of a thread take.', labels: ['thread'] },
      { name: 'atelier_started_seconds', help: 'When a thread was started, in seconds since 1970.', labels: ['thread'] },
    ],
    async () => {
      const delays = quantiles.map((quantile) => ({ labels: { thread, quantile: String(quantile / 100) }, value: delay.count === 0 ? 0 : delay.percentile(quantile) / NS_PER_MS }));
      delay.reset();
      return [delays, [{ labels: { thread }, value: process.memoryUsage().heapUsed }], [{ labels: { thread }, value: startedSeconds }]];
    },
  );
};

/** The connections of pools, by schema; more than one thread may hold a pool of the same schema. */
export const databaseMetrics = (registry: Registry, databases: readonly Pick<Database, 'schema' | 'connections'>[]): void =>
  measured(
    registry,
    [{ name: 'atelier_database_connections', help: 'Connections to PostgreSQL by schema and state; `waiting` are statements that wait for one.', labels: ['schema', 'state'] }],
    async () => [databases.flatMap(({ schema, connections }) => Object.entries(connections()).map(([state, value]) => ({ labels: { schema, state }, value })))],
  );
