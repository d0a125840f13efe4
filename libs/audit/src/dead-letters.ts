import { type AccountSid, type PublicEvent, Fault, Rejection } from '@atelier/contracts';
import { measured } from '@atelier/platform';
import type { DeadLetters, Dropper, StoredLetter } from '@atelier/rest-kit';
import { Registry } from 'prom-client';
import type { AuditStore } from './audit-store';

const COLUMNS = `id::float8 as id, parked_at as at, 'audit' as consumer, log, shard, pos::float8 as pos, reason, body`;
const MINE = '($1::text is null or account = $1)';

// What goes is kept aside with who dropped it.
const DROP = `with gone as (delete from dead_letter where id = $1::bigint returning *)
  insert into dropped (item, who, request, source_ip, account, reason, body) select id, $2, $3, $4, account, reason, body from gone returning id`;

/** Events that no audit record could be made of. */
export class AuditDeadLetters implements DeadLetters {
  constructor(private readonly store: AuditStore) {}

  list(scope: AccountSid | undefined, { limit, before, after }: { readonly limit: number; readonly before?: number; readonly after?: number }): Promise<readonly StoredLetter[]> {
    const text = `select ${COLUMNS} from dead_letter where ${MINE} and id < $2::bigint and id > $3::bigint order by id ${after === undefined ? 'desc' : 'asc'} limit $4`;
    return this.store.db.query<StoredLetter>(text, [scope, before ?? Number.MAX_SAFE_INTEGER, after ?? 0, limit]);
  }

  async find(scope: AccountSid | undefined, id: number): Promise<StoredLetter | undefined> {
    return (await this.store.db.query<StoredLetter>(`select ${COLUMNS} from dead_letter where ${MINE} and id = $2::bigint`, [scope, id]))[0];
  }

  /** For operators alone: what is dropped here is a change without a record, and nobody may take back what he did (A10). */
  async drop(scope: AccountSid | undefined, id: number, { who, request, sourceIp }: Dropper): Promise<boolean> {
    if (scope !== undefined && (await this.find(scope, id))) throw new Rejection('PermissionDenied', { message: 'Only operators of the installation may drop what audit records are made of' });
    return scope === undefined && (await this.store.db.query(DROP, [id, who, request, sourceIp])).length > 0;
  }

  /** The record and the removal of the letter are one statement. */
  async redrive(scope: AccountSid | undefined, id: number): Promise<void> {
    const letter = await this.find(scope, id);
    if (!letter) throw new Rejection('NotFound');
    const event = JSON.parse(letter.body) as PublicEvent; // written by `park`
    const isRemoved = await this.store.redrive(event).catch((error: unknown) => {
      if (error instanceof Fault) throw error;
      throw new Rejection('Conflict', { message: `The event still cannot be recorded: ${error instanceof Error ? error.message : String(error)}` });
    });
    if (!isRemoved) throw new Rejection('NotFound'); // somebody else was faster
  }

  metrics(): Registry {
    const registry = new Registry();
    measured(registry, [{ name: 'atelier_audit_dead_letters', help: 'Events that wait because no audit record can be made of them.' }], async () => {
      const [row] = await this.store.db.query<{ letters: number }>('select count(*)::int as letters from dead_letter');
      return [[{ value: row?.letters ?? NaN }]];
    });
    return registry;
  }
}
