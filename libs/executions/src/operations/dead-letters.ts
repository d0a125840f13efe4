import { type AccountSid, type PublicEvent, Rejection } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
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

/** What consumers of this context could not handle: trigger records, and events of flows. */
export class ExecutionsDeadLetters implements DeadLetters {
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

  /** The handler first, the removal last: a crash in between leaves the letter, and handling it twice changes nothing. */
  async redrive(scope: AccountSid | undefined, id: number): Promise<void> {
    const letter = await this.find(scope, id);
    if (!letter) throw new Rejection('NotFound');
    const event = JSON.parse(letter.body) as PublicEvent; // written by the consumer that gave it up
    const isRemoved = letter.consumer === TRIGGERS_CONSUMER ? await this.trigger(id, event) : await this.deletion(scope, id, event);
    if (!isRemoved) throw new Rejection('NotFound'); // somebody else was faster
  }

  private async trigger(id: number, event: PublicEvent): Promise<boolean> {
    const [taken] = await takeTriggerRecords(this.handlers.doors, [event]);
    if (!taken || taken.deadLetter !== undefined) throw new Rejection('Conflict', { message: `The record still cannot be read: ${taken?.deadLetter ?? 'no result'}` });
    return this.handlers.results.redriven(id, [keyedResult(event, taken)]);
  }

  private async deletion(scope: AccountSid | undefined, id: number, event: PublicEvent): Promise<boolean> {
    await this.handlers.deletions.endAll(event).catch((error: unknown) => {
      if (error instanceof Rejection) throw new Rejection('Conflict', { message: `The event still cannot be handled: ${error.message}` });
      throw error;
    });
    return (await this.handlers.db.query(`delete from dead_letter where ${MINE} and id = $2::bigint returning id`, [scope, id])).length > 0;
  }
}

const letterOf = ({ reason, ...row }: StoredLetter): StoredLetter => ({ ...row, reason: unescaped(reason) });
