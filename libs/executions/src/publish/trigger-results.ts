import type { TopicSource } from '@atelier/bus';
import type { PublicEvent, TriggerResult } from '@atelier/contracts';
import { type Clock, type Database, systemClock } from '@atelier/platform';
import { column, escaped, textColumn, texts } from '../store/columns';
import { gapBefore } from '../store/source-positions';
import { Growth } from './growth';

const RESULTS_LOG = 'executions.triggers';

/** The consumer's name in `source_position` and `dead_letter`. */
export const TRIGGERS_CONSUMER = 'triggers';

/** What became of one record; `key`: the record's, `account_sid|flow_sid|to`. `letter`: why it could not be read, and what it was. */
export type KeyedResult = { readonly key: string; readonly result: TriggerResult; readonly letter?: { readonly pos: number; readonly reason: string; readonly record: string } };

/** Where the records stood: first and last position of what was read together. */
export type ReadSpan = { readonly log: string; readonly shard: number; readonly first: number; readonly last: number };

// $1 time, $2 log, $3 shard, $4 first and $5 last position, $6 results, $7 to $9 dead letters. The row of the position is locked first, so two consumers
// of one shard answer a record once; what is not next stores nothing.
const APPEND = {
  name: 'executions.trigger-results',
  text: `with source as (update source_position set pos = $5 where consumer = '${TRIGGERS_CONSUMER}' and log = $2 and shard = $3 and pos = $4::bigint - 1 returning pos),
    t as (select body, n from source, unnest(${texts(6)}) with ordinality t (body, n)),
    head as (update trigger_head set next = next + (select count(*) from t) where shard = 0 returning next - (select count(*) from t) as base),
    stored as (insert into trigger_result (shard, pos, at, body) select 0, base + n, timestamptz 'epoch' + $1::bigint * interval '1 millisecond', body from t, head),
    letters as (insert into dead_letter (consumer, log, shard, pos, reason, body)
      select '${TRIGGERS_CONSUMER}', $2, $3, l.pos, l.reason, l.body from source, rows from (unnest($7::bigint[]), unnest(${texts(8)}), unnest(${texts(9)})) l (pos, reason, body))
    select pos from source`,
};

/** What became of trigger records that came over a topic, and how far that topic was read: stored together, so each record has its result. */
export class TriggerResults {
  private readonly growth = new Growth();

  constructor(
    private readonly db: Database,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Throws a Fault where the span is not the next one to be read. */
  async append(results: readonly KeyedResult[], { log, shard, first, last }: ReadSpan): Promise<void> {
    const letters = results.flatMap(({ letter }) => letter ?? []);
    const moved = await this.db.query(APPEND, [
      ...[this.clock.nowMs(), log, shard, first, last],
      textColumn(results.map(({ key, result }) => JSON.stringify({ key, result }))),
      column(letters.map(({ pos }) => pos)),
      textColumn(letters.map(({ reason }) => escaped(reason))),
      textColumn(letters.map(({ record }) => record)),
    ]);
    if (moved.length === 0) throw gapBefore(log, shard, 'another position', first);
    this.growth.grown([0]);
    void this.db.notify(resultsChannel(this.db.schema), '').catch(() => undefined); // the others look each second
  }

  /** Hears of results that other processes append; answers how to stop. */
  listen(): Promise<() => Promise<void>> {
    return this.db.listen(resultsChannel(this.db.schema), () => this.growth.grown([0]));
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

const resultsChannel = (schema: string): string => `${schema}_results`;

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
    data: { account_sid: key.slice(0, key.indexOf('|')), ...result },
  };
};
