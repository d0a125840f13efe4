import type { Database } from '@atelier/platform';
import { column, escaped, textColumn, texts } from '../store/columns';

export const TRIES_MAX = 2; // in hand when the process died, marked, and in hand again: the third owner parks it (A12)

const TRY = {
  name: 'executions.try',
  text: `update lease l set tries = case when l.tried = t.tried then l.tries + 1 else 1 end, tried = t.tried
    from rows from (unnest($1::smallint[]), unnest($2::int[]), unnest(${texts(3)})) t (shard, epoch, tried) where l.shard = t.shard and l.epoch = t.epoch
    returning l.shard, l.tries`,
};

/** Marks the one input in hand of each shard before it is decided; answers how often each was marked by now. */
export const markTried = async (db: Database, inHand: readonly { readonly shard: number; readonly epoch: number; readonly identity: string }[]): Promise<ReadonlyMap<number, number>> => {
  const rows = await db.query<{ shard: number; tries: number }>(TRY, [
    column(inHand.map(({ shard }) => shard)),
    column(inHand.map(({ epoch }) => epoch)),
    textColumn(inHand.map(({ identity }) => escaped(identity))),
  ]);
  return new Map(rows.map(({ shard, tries }) => [shard, tries]));
};
