import { type AccountSid, type PublicEvent, Rejection } from '@atelier/contracts';
import type { Database, Queryable } from '@atelier/platform';
import type { DeadLetters, Dropper, StoredLetter } from '@atelier/rest-kit';
import type { FlowDeletions } from '../flows/flow-deletions.consumer';
import { type TriggerResults, TRIGGERS_CONSUMER } from '../publish/trigger-results';
import { unescaped } from '../store/columns';
import { keyedResult } from '../triggers/keyed-result';
import { type TriggerDoors, takeTriggerRecords } from '../triggers/trigger-records';
import { drop } from './drop';

const COLUMNS = 'id::float8 as id, at, consumer, log, shard, pos::float8 as pos, reason, body';
const MINE = '($1::text is null or account = $1)';

export type LetterHandlers = { readonly db: Database; readonly doors: TriggerDoors; readonly results: TriggerResults; readonly deletions: FlowDeletions };

/**
 * What consumers of this context could not handle: trigger records, and events of flows.
 * D1. A letter is handled, or dropped, once: its row is locked while it is handled. D2. One at a time in a process: the lock holds a connection, and the
 * handler needs others.
 */
export class ExecutionsDeadLetters implements DeadLetters {
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly handlers: LetterHandlers) {}

  async list(scope: AccountSid | undefined, { limit, before, after }: { readonly limit: number; readonly before?: number; readonly after?: number }): Promise<readonly StoredLetter[]> {
    const text = `select ${COLUMNS} from dead_letter where ${MINE} and id < $2::bigint and id > $3::bigint order by id ${after === undefined ? 'desc' : 'asc'} limit $4`;
    return (await this.handlers.db.query<StoredLetter>(text, [scope, before ?? Number.MAX_SAFE_INTEGER, after ?? 0, limit])).map(letterOf);
  }

  async find(scope: AccountSid | undefined, id: number): Promise<StoredLetter | undefined> {
    const [row] = await this.handlers.db.query<StoredLetter>(`select ${COLUMNS} from dead_letter where ${MINE} and id = $2::bigint`, [scope, id]);
    return row && letterOf(row);
  }

  drop(scope: AccountSid | undefined, id: number, by: Dropper): Promise<boolean> {
    return drop(this.handlers.db, { table: 'dead_letter', isMine: MINE, account: 'account' }, scope, id, by);
  }

  /** Handling and removal, by whoever holds the letter: who redrives or drops it meanwhile waits, and finds nothing (D1). A crash in between leaves it, and handling it twice changes nothing. */
  async redrive(scope: AccountSid | undefined, id: number): Promise<void> {
    this.turn = this.turn.then(() => this.redriven(scope, id), () => this.redriven(scope, id)); // keeps D2
    await this.turn;
  }

  private async redriven(scope: AccountSid | undefined, id: number): Promise<void> {
    await this.handlers.db.transaction(async (tx) => {
      const [letter] = await tx.query<StoredLetter>(`select ${COLUMNS} from dead_letter where ${MINE} and id = $2::bigint for update`, [scope, id]);
      if (!letter) throw new Rejection('NotFound');
      const event = JSON.parse(letter.body) as PublicEvent; // written by the consumer that gave it up
      if (letter.consumer === TRIGGERS_CONSUMER) await this.trigger(tx, id, event);
      else await this.deletion(tx, id, event);
    });
    this.handlers.results.grew();
  }

  private async trigger(tx: Queryable, id: number, event: PublicEvent): Promise<void> {
    const [taken] = await takeTriggerRecords(this.handlers.doors, [event]);
    if (!taken || taken.deadLetter !== undefined) throw new Rejection('Conflict', { message: `The record still cannot be read: ${taken?.deadLetter ?? 'no result'}` });
    await this.handlers.results.redriven(tx, id, [keyedResult(event, taken)]);
  }

  private async deletion(tx: Queryable, id: number, event: PublicEvent): Promise<void> {
    await this.handlers.deletions.endAll(event).catch((error: unknown) => {
      if (error instanceof Rejection) throw new Rejection('Conflict', { message: `The event still cannot be handled: ${error.message}` });
      throw error;
    });
    await tx.query('delete from dead_letter where id = $1::bigint', [id]);
  }
}

const letterOf = ({ reason, ...row }: StoredLetter): StoredLetter => ({ ...row, reason: unescaped(reason) });
