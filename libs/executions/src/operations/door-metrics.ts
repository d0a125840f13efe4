import { type Database, type Measure, type Reading, measured } from '@atelier/platform';
import { Registry } from 'prom-client';
import type { Ingress } from '../ingress/ingress.port';

const named = (name: string, help: string, ...labels: readonly string[]): Measure => ({ name: `atelier_executions_${name}`, help, labels });

const INBOX = {
  name: 'executions.inbox-lag',
  text: `select coalesce(sum(h.next - p.pos), 0)::float8 as inputs, coalesce(extract(epoch from now() - min(c.accepted_at)), 0)::float8 as seconds from command_head h
    cross join lateral (select coalesce((select command_pos from batch where shard = h.shard order by n desc limit 1), 0) as pos offset 0) p
    left join lateral (select accepted_at from command where shard = h.shard and pos > p.pos order by pos limit 1) c on true`,
};
const OWNERS = `select coalesce(case when until > now() then owner end, '') as owner, count(*)::int as shards from lease group by 1`;
const ASIDE = `select (select count(*) from parked)::float8 as parked, (select coalesce(extract(epoch from now() - min(at)), 0) from parked)::float8 as "parkedSeconds",
  (select count(*) from deferred_trigger)::float8 as deferred, (select coalesce(extract(epoch from now() - min(at)), 0) from deferred_trigger)::float8 as "deferredSeconds"`;
const LETTERS = 'select consumer, count(*)::int as letters from dead_letter group by 1';

/** What the tables say, whether owners live or not, and what this door has entered. */
export const doorMetrics = (db: Database, ingress: Pick<Ingress, 'backlog'>): Registry => {
  const registry = new Registry();
  measured(
    registry,
    [
      named('inbox_inputs', 'Inputs of all shards that were accepted and are not decided.'),
      named('inbox_seconds', 'Age of the oldest of them.'),
      named('owner_shards', 'Shards by the worker that holds their lease; without an owner: nobody decides there.', 'owner'),
      named('parked_inputs', 'Inputs that were set aside and wait for somebody to look at them.'),
      named('parked_seconds', 'Age of the oldest of them.'),
      named('deferred_triggers', 'Trigger records that wait because too much of their account waits.'),
      named('deferred_seconds', 'Age of the oldest of them.'),
      named('dead_letters', 'Events that wait because their consumer could not handle them.', 'consumer'),
    ],
    async () => {
      const [[inbox], owners, [aside], letters] = await Promise.all([
        db.query<{ inputs: number; seconds: number }>(INBOX),
        db.query<{ owner: string; shards: number }>(OWNERS),
        db.query<{ parked: number; parkedSeconds: number; deferred: number; deferredSeconds: number }>(ASIDE),
        db.query<{ consumer: string; letters: number }>(LETTERS),
      ]);
      const values = [inbox?.inputs, inbox?.seconds, aside?.parked, aside?.parkedSeconds, aside?.deferred, aside?.deferredSeconds].map((value): Reading[] => [{ value: value ?? NaN }]);
      return [
        ...values.slice(0, 2),
        owners.map(({ owner, shards }) => ({ labels: { owner }, value: shards })),
        ...values.slice(2),
        letters.map(({ consumer, letters: value }) => ({ labels: { consumer }, value })),
      ];
    },
  );
  measured(
    registry,
    [
      named('backlog_inputs', 'Inputs that this door has entered and nobody has decided yet.'),
      named('backlog_account_max', 'Those of the account that has most of them; the caps per account are compared with it.'),
    ],
    async () => [[{ value: ingress.backlog.inputs }], [{ value: ingress.backlog.accountMax }]],
  );
  return registry;
};
