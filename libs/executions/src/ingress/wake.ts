import type { Database } from '@atelier/platform';

/** Tells the owners of shards that something was entered. A hint: they look each second anyway. */
export type Wake = (shards: Iterable<number>) => void;

export const wakeChannel = (schema: string): string => `${schema}_wake`;

/** Across threads and processes: one NOTIFY at a time, after the commit; shards that gather meanwhile go with the next. */
export const notifyWake = (db: Database): Wake => {
  let gathered = new Set<number>();
  let sending = false;
  const send = async (): Promise<void> => {
    sending = true;
    while (gathered.size > 0) {
      const shards = [...gathered];
      gathered = new Set();
      await db.notify(wakeChannel(db.schema), shards.join(',')).catch(() => undefined); // only a hint; the owners poll
    }
    sending = false;
  };
  return (shards) => {
    for (const shard of shards) gathered.add(shard);
    if (!sending) void send();
  };
};

/** What a wake notification names; an empty one (a listener that reconnected) means all. */
export const shardsOfWake = (payload: string): readonly number[] | undefined => (payload === '' ? undefined : payload.split(',').map(Number));
