import type { Database } from '@atelier/platform';
import { column, escaped, textColumn, texts } from '../store/columns';

/** Owners that may die with an input in hand before the next one parks it (A12). Two were too few: docs/decisions/0002. */
export const TRIES_MAX = 5;

const TRY = {
  name: 'executions.try',
  text: `update lease l set tries = case when l.tried = t.tried then l.tries + 1 else 1 end, tried = t.tried
    from rows from (unnest($1::smallint[]), unnest($2::int[]), unnest(${texts(3)})) t (shard, epoch, tried) where l.shard = t.shard and l.epoch = t.epoch
    returning l.shard, l.tries`,
};

export type InHand = { readonly shard: number; readonly epoch: number; readonly identity: string };

/** Marks of what an owner has in hand. One counts once an owner, however often its batch is tried again: what matters is how many owners died with it. */
export class Suspects {
  private readonly marked = new Map<number, InHand & { readonly tries: number }>();

  constructor(private readonly db: Database) {}

  /** Marks the one input in hand of each shard before it is decided; answers by how many owners it was marked by now. */
  async mark(inHand: readonly InHand[]): Promise<ReadonlyMap<number, number>> {
    const fresh = inHand.filter((each) => !this.isMarked(each));
    if (fresh.length > 0) await this.store(fresh);
    return new Map(inHand.map((each) => [each.shard, this.isMarked(each) ? (this.marked.get(each.shard)?.tries ?? 0) : 0]));
  }

  private isMarked({ shard, epoch, identity }: InHand): boolean {
    const mark = this.marked.get(shard);
    return mark?.epoch === epoch && mark.identity === identity;
  }

  private async store(fresh: readonly InHand[]): Promise<void> {
    const rows = await this.db.query<{ shard: number; tries: number }>(TRY, [
      column(fresh.map(({ shard }) => shard)),
      column(fresh.map(({ epoch }) => epoch)),
      textColumn(fresh.map(({ identity }) => escaped(identity))),
    ]);
    for (const { shard, tries } of rows) {
      const mark = fresh.find((each) => each.shard === shard);
      if (mark) this.marked.set(shard, { ...mark, tries });
    }
  }
}
