import type { Database } from '@atelier/platform';
import type { Dropper } from '@atelier/rest-kit';

/** What may be dropped. `isMine`: whether a row is that of $1, an account as the table writes it, or null for all; `account`: its SID. */
export type Droppable = { readonly table: 'parked' | 'dead_letter'; readonly isMine: string; readonly account: string };

/** Takes a row away and keeps it in `dropped`, by one statement: of two who ask at once one finds nothing. False where it was not there. */
export const drop = async (db: Database, { table, isMine, account }: Droppable, scope: string | undefined, id: number, { who, request, sourceIp }: Dropper): Promise<boolean> => {
  const text = `with gone as (delete from ${table} where ${isMine} and id = $2::bigint returning *)
    insert into dropped (kind, item, who, request, source_ip, account, reason, body) select '${table}', id, $3, $4, $5, ${account}, reason, body from gone returning id`;
  return (await db.query(text, [scope, id, who, request, sourceIp])).length > 0;
};
