/** Which step a message belongs to, where the answer of its send was lost (A5): by a status callback, or by a look-up that must not take another step's. */
import type { ExecutionSid, Json } from '@atelier/contracts';
import type { ExecutionEvent, ExecutionInput } from '@atelier/engine';
import type { Database } from '@atelier/platform';
import { LRUCache } from 'lru-cache';
import type { Entry } from './entry';

type Of<T> = Extract<ExecutionInput, { type: T }>;

/** Whether a delivery status is that of the send that is open: then the provider has taken the message, whatever became of its answer. */
export const isOfOpenSend = ({ effect: open }: Pick<Entry, 'effect'>, { step }: Of<'MessageStatus'>): boolean => open?.effect.kind === 'message.send' && step === open.step;

const REMEMBERED = 10_000; // messages of the last minutes; older ones are in the log
const LOOKED_AT = 5_000; // sprints of one shard, the newest first: those of some seconds at full speed

const RECENT = {
  name: 'executions.recent-sprints',
  text: `select body from (select body from sprint where shard = $1 order by pos desc limit ${LOOKED_AT}) s where position($2 in body) > 0`, // by position: clocks differ
};

/** Messages that are some step's outcome: of this process, and in the log of the shard, where all executions of a contact in a flow are. */
export class ClaimedMessages {
  private readonly steps = new LRUCache<string, string>({ max: REMEMBERED });

  constructor(private readonly db: Database) {}

  /** A step has this message as its outcome, or is about to. */
  claim(messageSid: Json | undefined, step: string): void {
    if (typeof messageSid === 'string') this.steps.set(messageSid, step);
  }

  /** Whether another step has it; if none has, this one has it from now on. */
  async isClaimed(messageSid: string, step: string, shard: number): Promise<boolean> {
    const holder = this.steps.get(messageSid);
    if (holder !== undefined) return holder !== step;
    this.steps.set(messageSid, step); // before the look: two steps that ask at once must not both get it
    const rows = await this.db.query<{ body: string }>(RECENT, [shard, messageSid]);
    const isTaken = rows.some(({ body }) => isOutcomeIn(body, messageSid));
    if (isTaken) this.steps.set(messageSid, 'another');
    return isTaken;
  }
}

const isOutcomeIn = (body: string, messageSid: string): boolean =>
  (JSON.parse(body) as ExecutionEvent[]).some((event) => event.type === 'EffectEnded' && event.outcome.payload?.['Sid'] === messageSid); // written by an owner's commit

/** An effect of a step, as a name within the process. */
export const effectName = (execution: ExecutionSid, step: number): string => `${execution}/${step}`;
