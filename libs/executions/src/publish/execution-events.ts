import type { TopicSource } from '@atelier/bus';
import { type PublicEvent, sidOfUuid } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
import { unescaped } from '../store/columns';
import { SHARDS } from '../store/migrations';
import type { Growth } from './growth';
import { EXECUTIONS_LOG, publicEventsOf } from './public-events';

const SPRINTS = {
  name: 'executions.public-sprints',
  text: `select s.pos::float8, s.events, (extract(epoch from s.at) * 1000)::float8 as at, s.body, e.sid, e.account, e.flow, e.contact, e.revision, e.initiated_by
    from (select * from sprint where shard = $1 and pos > $2 and events > 0 order by pos limit $3) s
    cross join lateral (select * from execution where sid = s.execution offset 0) e order by s.pos`,
};
type SprintRow = { pos: number; events: number; at: number; body: string; sid: string; account: string; flow: string; contact: string; revision: number; initiated_by: string };

const END = 'select last_pos::float8 as pos from batch where shard = $1 order by n desc limit 1';

/** `atelier.executions.events` over the sprint log: 64 shards, dense positions, nothing copied (A3, A4). */
export const executionEvents = (db: Database, growth: Pick<Growth, 'onAppend'>): TopicSource => ({
  topic: 'atelier.executions.events',
  log: EXECUTIONS_LOG,
  shards: SHARDS,
  read: async (shard, after, limit) => {
    const rows = await db.query<SprintRow>(SPRINTS, [shard, after, limit]);
    return rows.flatMap((row) => eventsOf(shard, row)).filter(({ pos }) => pos > after).slice(0, limit);
  },
  end: async (shard) => (await db.query<{ pos: number }>(END, [shard]))[0]?.pos ?? 0,
  onAppend: growth.onAppend,
});

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
