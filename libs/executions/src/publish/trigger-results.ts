import type { TopicSource } from '@atelier/bus';
import type { PublicEvent, TriggerResult } from '@atelier/contracts';
import { type Clock, type Database, type Queryable, systemClock } from '@atelier/platform';
import { column, escaped, textColumn, texts } from '../store/columns';
import { gapBefore } from '../store/source-positions';
import { Growth } from './growth';

const RESULTS_LOG = 'executions.triggers';

/** The consumer's name in `source_position` and `dead_letter`. */
export const TRIGGERS_CONSUMER = 'triggers';

/** What became of one record; `key`: the record's, `account_sid|flow_sid|to`. `letter`: why it could not be read, and what it was. */
export type KeyedResult = { readonly key: string; readonly result: TriggerResult; readonly letter?: { readonly pos: number; readonly reason: string; readonly record: string; readonly account?: string | undefined } };

/** Where the records stood: first and last position of what was read together. */
export type ReadSpan = { readonly log: string; readonly shard: number; readonly first: number; readonly last: number };

/** A record that waits for its turn; `body`: the JSON text of a DeferredBody. */
export type DeferredRecord = { readonly account: string; readonly body: string };

// Numbered after the rows that came before them, in the order of `t`; $1 time. `source` answers a row where all this is the first time, and t its results.
const answered = (source: string, t: string, more = ''): string => `with source as (${source}),
    t as (${t}),
    head as (update trigger_head set next = next + (select count(*) from t) where shard = 0 returning next - (select count(*) from t) as base),
    stored as (insert into trigger_result (shard, pos, at, body)
      select 0, base + row_number() over (order by n), timestamptz 'epoch' + $1::bigint * interval '1 millisecond', body from t, head)${more}
    select * from source`;

// $2 results, $3 log, $4 shard, $5 first and $6 last position, $7 to $10 dead letters, $11 and $12 what waits. The row of the position is locked first, so
// two consumers of one shard answer a record once; what is not next stores nothing.
const APPEND = {
  name: 'executions.trigger-results',
  text: answered(
    `update source_position set pos = $6 where consumer = '${TRIGGERS_CONSUMER}' and log = $3 and shard = $4 and pos = $5::bigint - 1 returning pos`,
    `select body, n from source, unnest(${texts(2)}) with ordinality t (body, n)`,
    `, letters as (insert into dead_letter (consumer, log, shard, pos, reason, body, account) select '${TRIGGERS_CONSUMER}', $3, $4, l.pos, l.reason, l.body, l.account
        from source, rows from (unnest($7::bigint[]), unnest(${texts(8)}), unnest(${texts(9)}), unnest($10::text[])) l (pos, reason, body, account)),
      deferred as (insert into deferred_trigger (account, body)
        select d.account, d.body from source, rows from (unnest($11::text[]), unnest(${texts(12)})) with ordinality d (account, body, n) order by d.n)`,
  ),
};

// $2 results, $3 the deferred records that they answer: each is removed once.
const ENTERED = {
  name: 'executions.deferred-results',
  text: answered(
    'delete from deferred_trigger where id = any($3::bigint[]) returning id',
    `select d.body, d.n from source join rows from (unnest($3::bigint[]), unnest(${texts(2)})) with ordinality d (id, body, n) using (id)`,
  ),
};

// $2 results, $3 the dead letter that they answer.
const REDRIVEN = {
  name: 'executions.redriven-results',
  text: answered(`delete from dead_letter where id = $3::bigint and consumer = '${TRIGGERS_CONSUMER}' returning id`, `select body, n from source, unnest(${texts(2)}) with ordinality t (body, n)`),
};

/** What became of trigger records that came over a topic, and how far that topic was read: stored together, so each record has its result. */
export class TriggerResults {
  private readonly growth = new Growth();

  constructor(
    private readonly db: Database,
    private readonly clock: Clock = systemClock,
  ) {}

  /** `deferred`: what waits for its turn, stored with the rest. Throws a Fault where the span is not the next one to be read. */
  async append(results: readonly KeyedResult[], { log, shard, first, last }: ReadSpan, deferred: readonly DeferredRecord[] = []): Promise<void> {
    const letters = results.flatMap(({ letter }) => letter ?? []);
    const moved = await this.db.query(APPEND, [
      ...[this.clock.nowMs(), bodiesOf(results), log, shard, first, last],
      column(letters.map(({ pos }) => pos)),
      textColumn(letters.map(({ reason }) => escaped(reason))),
      textColumn(letters.map(({ record }) => record)),
      letters.map(({ account }) => account ?? null),
      column(deferred.map(({ account }) => account)),
      textColumn(deferred.map(({ body }) => body)),
    ]);
    if (moved.length === 0) throw gapBefore(log, shard, 'another position', first);
    this.growth.grown([0]);
    void this.db.notify(resultsChannel(this.db.schema), '').catch(() => undefined); // the others look each second
  }

  /** Hears of results that other processes append; answers how to stop. */
  listen(): Promise<() => Promise<void>> {
    return this.db.listen(resultsChannel(this.db.schema), () => this.growth.grown([0]));
  }

  /** Deferred records whose turn came, one result each; those that somebody else has answered meanwhile are passed over. */
  async entered(ids: readonly number[], results: readonly KeyedResult[]): Promise<void> {
    await this.db.query(ENTERED, [this.clock.nowMs(), bodiesOf(results), column(ids)]);
    this.growth.grown([0]);
  }

  /** A dead letter that was handled after all, removed in the transaction that holds it. Say `grew` after its commit. */
  async redriven(tx: Queryable, letter: number, results: readonly KeyedResult[]): Promise<void> {
    await tx.query(REDRIVEN, [this.clock.nowMs(), bodiesOf(results), letter]);
  }

  grew(): void {
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

const bodiesOf = (results: readonly KeyedResult[]): string => textColumn(results.map(({ key, result }) => JSON.stringify({ key, result })));

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
