/**
 * The door's side of the inbox. Owns: which inputs are entered, and that nothing is acknowledged before it is committed (A1). May assume nothing
 * about owners: they may be in this thread, in another process, or not there for a while.
 * I1. One commit in flight per kind of input; what gathers meanwhile forms the next.
 * I2. An input whose commit nobody can tell the fate of is entered again under the same key: claim and memory make that harmless.
 * I3. Ingress never decides and never writes events (W4).
 */
import { Fault } from '@atelier/contracts';
import { type Clock, type Database, isUniqueViolation, systemClock } from '@atelier/platform';
import { Backlog, type TriggerRoom } from './backlog';
import { Group } from './group';
import { type CommandEntry, type CreateEntered, type CreateEntry, Inbox, type MessageEntry, type Place, type TriggerEntered, type TriggerEntry } from './inbox';
import type { CommandResult, CreateResult, ExecutionCommand, InboundMessage, Ingress, StartRequest, TriggerOutcome } from './ingress.port';
import { claimKey, inputKeyOf, shardOf } from './keys';
import { Replies } from './replies';
import { type Wake, notifyWake } from './wake';

export type IngressOptions = {
  readonly clock?: Clock;
  /** How owners are told; left out: one NOTIFY per commit. */
  readonly wake?: Wake;
  /** Inputs in one commit. */
  readonly groupMax?: number;
  /** Unprocessed inputs of one account entered by this door. */
  readonly backlogPerAccountMax?: number;
  /** Unprocessed inputs of one account above which its trigger records wait elsewhere; 0: the same as for everything. */
  readonly triggersPerAccountMax?: number;
  /** How long an input is tried again while the store is away. */
  readonly retryMs?: number;
};

const RETRY_PAUSE_MS = 50;
const CREATE_ATTEMPTS = 20; // a claim that is free each time one looks and taken each time one tries: somebody is faster twenty times in a row

/** The inbox over a database; the caller closes the database after it. */
export const createIngress = (db: Database, options: IngressOptions = {}): Ingress => new PostgresIngress(db, options);

class PostgresIngress implements Ingress {
  private readonly clock: Clock;
  private readonly wake: Wake;
  private readonly retryMs: number;
  private readonly waiting: Backlog;
  private readonly replies: Replies;
  private readonly creating: Group<CreateEntry, CreateEntered>;
  private readonly triggering: Group<TriggerEntry, TriggerEntered>;
  private readonly messaging: Group<MessageEntry, Place | undefined>;
  private readonly commanding: Group<CommandEntry, Place | 'unknown' | 'repeated'>;

  constructor(db: Database, { clock = systemClock, wake = notifyWake(db), groupMax = 500, backlogPerAccountMax = 20_000, triggersPerAccountMax = 0, retryMs = 5_000 }: IngressOptions) {
    this.clock = clock;
    this.wake = wake;
    this.retryMs = retryMs;
    this.waiting = new Backlog(db, { perAccountMax: backlogPerAccountMax, triggersPerAccountMax });
    this.replies = new Replies(db);
    const inbox = new Inbox(db);
    this.creating = new Group((entries) => this.durably(() => inbox.creates(entries)), groupMax);
    this.triggering = new Group((entries) => this.durably(() => triggersOf(inbox, entries)), groupMax);
    this.messaging = new Group((entries) => this.durably(() => inbox.messages(entries)), groupMax);
    this.commanding = new Group((entries) => this.durably(() => inbox.commands(entries)), groupMax);
  }

  get room(): TriggerRoom {
    return this.waiting;
  }

  get backlog(): Ingress['backlog'] {
    return this.waiting.depth;
  }

  async create(start: StartRequest): Promise<CreateResult> {
    const entry = this.admitted(start);
    const entered = await this.claimed(start, () => this.creating.enter(entry));
    return 'first' in entered ? { kind: 'conflict', execution: entered.first } : entered;
  }

  async trigger(start: StartRequest, idempotencyKey: string): Promise<TriggerOutcome> {
    const entry = { ...this.admitted(start), input: inputKeyOf(start.account, `trigger:${idempotencyKey}`) };
    const entered = await this.claimed(start, () => this.triggering.enter(entry));
    if ('first' in entered) return { kind: 'duplicate', execution: entered.first };
    return { kind: entered.kind === 'accepted' ? 'started' : 'conflict', execution: entered.execution };
  }

  async message(message: InboundMessage): Promise<CommandResult> {
    const { start, inputKey, addresses, parameters, event, replyWithinMs } = message;
    this.waiting.admit(start.account);
    const keys = addresses.map((address) => claimKey(start.account, start.flow, start.trigger.contact, address));
    const shard = shardOf(start.account, start.flow, start.trigger.contact);
    return this.answered(replyWithinMs, async (reply) => {
      const body = { start, keys, parameters, ...(event !== undefined && { event }), ...(reply && { reply }) };
      const place = await this.messaging.enter({ input: inputKeyOf(start.account, inputKey), shard, body });
      if (place) this.entered(place, start);
      return place ? 'accepted' : 'repeated';
    });
  }

  async command({ execution, account, input, inputKey, replyWithinMs }: ExecutionCommand): Promise<CommandResult> {
    return this.answered(replyWithinMs, async (reply) => {
      const body = { execution, account, input, ...(reply && { reply }) };
      const key = inputKey === undefined ? {} : { input: inputKeyOf(account, inputKey) };
      const entered = await this.commanding.enter({ ...key, account, body });
      if (typeof entered === 'string') return entered;
      this.entered(entered, { account });
      return 'accepted';
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.creating.idle(), this.triggering.idle(), this.messaging.idle(), this.commanding.idle()]);
    this.waiting.close();
    await this.replies.close();
  }

  private admitted(start: StartRequest): CreateEntry {
    const { account, flow, trigger } = start;
    this.waiting.admit(account);
    const key = claimKey(account, flow, trigger.contact, trigger.address);
    return { shard: shardOf(account, flow, trigger.contact), key, body: { start, keys: [key] } };
  }

  private async claimed(start: StartRequest, enter: () => Promise<TriggerEntered>): Promise<CreateResult | { readonly first: StartRequest['execution'] }> {
    for (let attempt = 1; attempt <= CREATE_ATTEMPTS; attempt++) {
      const entered = await enter();
      if (entered === 'gone') continue;
      if ('first' in entered) return entered;
      if ('lost' in entered) return { kind: entered.lost === start.execution ? 'accepted' : 'conflict', execution: entered.lost };
      this.entered(entered, start);
      return { kind: 'accepted', execution: start.execution };
    }
    throw new Fault(`the claim of ${start.execution} was taken and given back ${CREATE_ATTEMPTS} times while it was tried`);
  }

  private entered({ shard, pos }: Place, { account }: Pick<StartRequest, 'account'>): void {
    this.waiting.add(shard, pos, account);
    this.wake([shard]);
  }

  private async answered(withinMs: number | undefined, enter: (reply?: { door: string; id: number }) => Promise<CommandResult['kind']>): Promise<CommandResult> {
    if (withinMs === undefined) return { kind: await enter() };
    const expected = await this.replies.expect();
    const kind = await enter(expected.to).catch((error: unknown) => {
      expected.forget();
      throw error;
    });
    if (kind !== 'accepted') {
      expected.forget();
      return { kind };
    }
    const reply = await expected.within(withinMs);
    return reply ? { kind, reply } : { kind };
  }

  /** Keeps I2. */
  private async durably<R>(commit: () => Promise<R>): Promise<R> {
    const end = this.clock.monotonicMs() + this.retryMs;
    for (;;) {
      try {
        return await commit();
      } catch (error) {
        if (!(error instanceof Fault) || this.clock.monotonicMs() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }
}

// Two records with one idempotency key in one group, or entered by two doors at once, fail the statement: alone, each finds the other.
const triggersOf = async (inbox: Inbox, entries: readonly TriggerEntry[]): Promise<readonly TriggerEntered[]> => {
  try {
    return await inbox.triggers(entries);
  } catch (error) {
    if (!isUniqueViolation(error, 'seen_pk')) throw error;
    const results: TriggerEntered[] = [];
    for (const entry of entries) results.push(...(await alone(inbox, entry)));
    return results;
  }
};

const alone = (inbox: Inbox, entry: TriggerEntry): Promise<readonly TriggerEntered[]> =>
  inbox.triggers([entry]).catch((error: unknown) => {
    if (isUniqueViolation(error, 'seen_pk')) return inbox.triggers([entry]); // the other one has committed by now
    throw error;
  });
