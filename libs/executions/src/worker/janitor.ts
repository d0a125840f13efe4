/**
 * Takes away what nobody needs: processed commands, inputs remembered for longer than a day, batches but the last, bodies of deleted executions, old days.
 * In chunks, because a long statement holds back the vacuum of the hot tables. Any number of janitors may run; they only delete.
 */
import type { Clock, Database, Log } from '@atelier/platform';
import { EXECUTIONS_LOG } from '../publish/public-events';
import { dropPartitions, makePartitions } from '../store/partitions';

const EACH_MS = 10_000;
const DAYS_EACH_MS = 3_600_000;
const CHUNK = 10_000;
const KEPT_BATCHES = 10; // the last one counts; a few more help people

/** How long an input is remembered by its key. */
export const SEEN_HOURS = 24;

const POSITIONS = `select s.shard, b.command_pos, b.n from generate_series(0, 63) s (shard)
  cross join lateral (select command_pos, n from batch where shard = s.shard order by n desc limit 1) b`;
const gone = (table: string, rows: string): string => `delete from ${table} where ctid = any (array(${rows} limit ${CHUNK}))`;

const CHORES: Readonly<Record<string, string>> = {
  command: gone('command', `select c.ctid from (${POSITIONS}) p cross join lateral (select ctid from command where shard = p.shard and pos <= p.command_pos order by pos offset 0) c`),
  batch: gone('batch', `select b.ctid from (${POSITIONS}) p cross join lateral (select ctid from batch where shard = p.shard and n <= p.n - ${KEPT_BATCHES} order by n offset 0) b`),
  seen: gone('seen', `select ctid from seen where at < now() - interval '${SEEN_HOURS} hours'`),
  dropped: gone('dropped', `select ctid from dropped where at < now() - interval '31 days'`),
  trigger_result: gone('trigger_result', `select ctid from trigger_result where at < now() - interval '31 days'`),
};

// Deleted executions keep their places in the log; what was said in them goes once the publisher, where there is one, has passed it.
const BLANK = `update sprint s set body = '' from (select s.execution, s.version from execution e
    cross join lateral (select execution, version, shard, pos from sprint where execution = e.sid and body <> '' offset 0) s
    join lease l on l.shard = s.shard where e.status = 2 and e.updated_at > now() - interval '2 days' and s.pos <= l.published
      and s.pos <= coalesce((select pos from published_position p where p.log = '${EXECUTIONS_LOG}' and p.shard = s.shard), s.pos) limit 1000) t
  where s.execution = t.execution and s.version = t.version`;

export class Janitor {
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();
  private daysMs = -Infinity;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly visibleDays: number,
  ) {}

  /** Resolves once today's partitions exist. */
  async start(): Promise<void> {
    await this.days();
    this.timer = setInterval(() => (this.turn = this.turn.then(() => this.clean())), EACH_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.turn;
  }

  /** One pass over everything. */
  async clean(): Promise<void> {
    try {
      for (const chore of Object.values(CHORES)) await this.exhaust(chore);
      await this.db.query(BLANK);
      if (this.clock.monotonicMs() - this.daysMs > DAYS_EACH_MS) await this.days();
    } catch (error) {
      this.log.warn({ error: String(error) }, 'the janitor comes again later');
    }
  }

  private async exhaust(chore: string): Promise<void> {
    for (;;) {
      const [row] = await this.db.query<{ count: number }>(`with gone as (${chore} returning 1) select count(*)::int as count from gone`);
      if ((row?.count ?? 0) < CHUNK) return;
    }
  }

  private async days(): Promise<void> {
    await makePartitions(this.db, this.clock.nowMs());
    const dropped = await dropPartitions(this.db, this.clock.nowMs(), this.visibleDays);
    if (dropped.length > 0) this.log.info({ dropped }, 'days older than the retention time are dropped');
    this.daysMs = this.clock.monotonicMs();
  }
}
