import type { TopicSource } from '@atelier/bus';
import { type PublicEvent, type TriggerResult, sidOfUuid } from '@atelier/contracts';
import { type Clock, type Database, systemClock } from '@atelier/platform';
import { textColumn, texts, unescaped } from '../store/columns';
import { SHARDS } from '../store/migrations';
import { EXECUTIONS_LOG, publicEventsOf } from './public-events';

/** Tells readers in this process that shards have grown; readers elsewhere poll. */
export class Growth {
  private readonly listeners = new Set<(shard: number) => void>();

  readonly onAppend = (wake: (shard: number) => void): (() => void) => {
    this.listeners.add(wake);
    return () => this.listeners.delete(wake);
  };

  grown(shards: Iterable<number>): void {
    if (this.listeners.size > 0) for (const shard of shards) for (const wake of this.listeners) wake(shard);
  }
}

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

const RESULTS_LOG = 'executions.triggers';
const APPEND = `with t as (select * from unnest(${texts(2)}) with ordinality t (body, n)),
  head as (update trigger_head set next = next + (select count(*) from t) where shard = 0 returning next - (select count(*) from t) as base)
  insert into trigger_result (shard, pos, at, body) select 0, base + n, timestamptz 'epoch' + $1::bigint * interval '1 millisecond', body from t, head`;

/** What became of trigger records that came over a topic; appended before their offset is committed, so each has at least one result. */
export class TriggerResults {
  private readonly growth = new Growth();

  constructor(
    private readonly db: Database,
    private readonly clock: Clock = systemClock,
  ) {}

  /** `key`: the record's key, `account_sid|flow_sid|to`; results are ordered by it. */
  async append(results: readonly { readonly key: string; readonly result: TriggerResult }[]): Promise<void> {
    if (results.length === 0) return;
    await this.db.query(APPEND, [this.clock.nowMs(), textColumn(results.map((each) => JSON.stringify(each)))]);
    this.growth.grown([0]);
  }

  /** `atelier.triggers.results`: low rate, one shard. */
  readonly source: TopicSource = {
    topic: 'atelier.triggers.results',
    log: RESULTS_LOG,
    shards: 1,
    read: async (_, after, limit) => {
      const rows = await this.db.query<{ pos: number; at: number; body: string }>(
        `select pos::float8, (extract(epoch from at) * 1000)::float8 as at, body from trigger_result where shard = 0 and pos > $1 order by pos limit $2`,
        [after, limit],
      );
      return rows.map(resultEvent);
    },
    end: async () => (await this.db.query<{ pos: number }>('select next::float8 as pos from trigger_head where shard = 0'))[0]?.pos ?? 0,
    onAppend: this.growth.onAppend,
  };
}

const resultEvent = ({ pos, at, body }: { pos: number; at: number; body: string }): PublicEvent => {
  const { key, result } = JSON.parse(body) as { key: string; result: TriggerResult }; // written by append
  return {
    specversion: '1.0',
    id: `${RESULTS_LOG}/0/${pos}`,
    source: '/atelier/executions',
    type: 'atelier.trigger.result.v1',
    subject: key,
    time: new Date(Math.round(at)).toISOString(),
    datacontenttype: 'application/json',
    log: RESULTS_LOG,
    shard: 0,
    pos,
    data: result,
  };
};
