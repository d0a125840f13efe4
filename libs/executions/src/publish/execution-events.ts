import type { ShardSpan, TopicSource } from '@atelier/bus';
import { type PublicEvent, sidOfUuid } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
import { column, unescaped } from '../store/columns';
import { SHARDS } from '../store/migrations';
import type { Growth } from './growth';
import { EXECUTIONS_LOG, publicEventsOf } from './public-events';

// $1 shards, $2 positions, $3 how many events of each at the most: sprints up to the one in which the last of them stands.
const SPRINTS = {
  name: 'executions.public-sprints',
  text: `select t.n::int - 1 as span, s.pos::float8, s.events, (extract(epoch from s.at) * 1000)::float8 as at, s.body, e.sid, e.account, e.flow, e.contact, e.revision, e.initiated_by
    from rows from (unnest($1::smallint[]), unnest($2::bigint[]), unnest($3::int[])) with ordinality t (shard, after, most, n)
    cross join lateral (select * from sprint where shard = t.shard and pos > t.after and events > 0
      and pos <= coalesce((select pos from sprint where shard = t.shard and pos >= t.after + t.most and events > 0 order by pos limit 1), t.after + t.most) order by pos limit t.most) s
    cross join lateral (select * from execution where sid = s.execution offset 0) e order by t.n, s.pos`,
};
type SprintRow = { span: number; pos: number; events: number; at: number; body: string; sid: string; account: string; flow: string; contact: string; revision: number; initiated_by: string };

const END = 'select last_pos::float8 as pos from batch where shard = $1 order by n desc limit 1';

/** `atelier.executions.events` over the sprint log: 64 shards, dense positions, nothing copied (A3, A4). */
export const executionEvents = (db: Database, growth: Pick<Growth, 'onAppend'>): TopicSource => ({
  topic: 'atelier.executions.events',
  log: EXECUTIONS_LOG,
  shards: SHARDS,
  read: async (shard, after, limit) => (await eventsIn(db, [{ shard, after, limit }]))[0] ?? [],
  readShards: (spans) => eventsIn(db, spans),
  end: async (shard) => (await db.query<{ pos: number }>(END, [shard]))[0]?.pos ?? 0,
  onAppend: growth.onAppend,
});

const eventsIn = async (db: Database, spans: readonly ShardSpan[]): Promise<readonly (readonly PublicEvent[])[]> => {
  const rows = await db.query<SprintRow>(SPRINTS, [column(spans.map(({ shard }) => shard)), column(spans.map(({ after }) => after)), column(spans.map(({ limit }) => limit))]);
  const found = spans.map((): PublicEvent[] => []);
  for (const row of rows) found[row.span]?.push(...eventsOf(spans[row.span]?.shard ?? 0, row));
  return found.map((events, i) => events.filter(({ pos }) => pos > (spans[i]?.after ?? 0)).slice(0, spans[i]?.limit)); // a page may begin inside a sprint
};

const eventsOf = (shard: number, row: SprintRow): readonly PublicEvent[] =>
  publicEventsOf(
    { shard, pos: row.pos, count: row.events, atMs: Math.round(row.at), body: row.body },
    {
      sid: sidOfUuid('FN', row.sid),
      account: sidOfUuid('AC', row.account),
      flow: sidOfUuid('FW', row.flow),
      contact: unescaped(row.contact),
      revision: row.revision,
      initiatedBy: unescaped(row.initiated_by),
    },
  );
