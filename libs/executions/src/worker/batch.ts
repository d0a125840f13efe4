/**
 * What one batch decides: inputs go in one by one; rows, replies and effects come out. Everything here happens in memory and in order; nothing is
 * visible before the commit, and if the commit fails, the states that were touched are thrown away with the batch.
 */
import { type ExecutionSid, Defect } from '@atelier/contracts';
import type { ExecutionEvent, ExecutionInput } from '@atelier/engine';
import type { Reply, StartRequest } from '../ingress/ingress.port';
import { type CreateBody, type InputBody, type MessageBody, type ReplyTo, COMMAND_KIND } from '../ingress/stored-command';
import { publicCount } from '../publish/public-events';
import { digits, escaped } from '../store/columns';
import { BatchRows } from './batch-rows';
import { ClaimChanges, push } from './claim-changes';
import { type Entry, BOUND_STEP, STATUS, newEntry, trackOpen } from './entry';
import type { EntryCache } from './entry-cache';
import { type DrainedCommand, type LaneInput, accountOf, identityOf } from './inputs';
import { effectName, isOfOpenSend } from './message-outcomes';
import type { Programs } from './programs';
import type { Rules } from './rules';
import type { Shard } from './shards';

/** What was read for this batch beside its inputs. */
export type Loaded = {
  readonly entries: ReadonlyMap<ExecutionSid, Entry>;
  /** Executions whose log this version cannot read, and why: what is for them is set aside whole, never decided on half of it. */
  readonly unreadable: ReadonlyMap<ExecutionSid, string>;
  /** Holders of claims, where the batch had to look. */
  readonly holders: ReadonlyMap<string, ExecutionSid>;
  /** Creates further on in the inbox whose contact's message is decided now. */
  readonly starts: ReadonlyMap<ExecutionSid, CreateBody>;
};

export type BatchContext = {
  readonly shards: ReadonlyMap<number, Shard>;
  readonly cache: EntryCache;
  readonly loaded: Loaded;
  readonly rules: Rules;
  readonly programOf: Programs['get'];
  readonly nowMs: number;
  /** Whether an effect of this account may start with the commit; it holds a slot then. */
  readonly takeSlot: (account: Entry['account']) => boolean;
};

const SPRINT_CHARACTERS_MAX = 8 * 1024 * 1024; // several values of the largest size; beyond it something is wrong, and no topic would carry it
const SNAPSHOT_SPRINTS = 32;
const SNAPSHOT_CHARACTERS = 65_536;

export class Batch {
  readonly out: BatchRows;
  inputs = 0;
  private readonly fresh = new Map<ExecutionSid, Entry>();
  private readonly claims: ClaimChanges;

  constructor(private readonly context: BatchContext) {
    this.claims = new ClaimChanges((key) => context.cache.holder(key) ?? context.loaded.holders.get(key));
    this.out = new BatchRows(context.shards, context.nowMs, context.takeSlot);
  }

  /** Decides one input. Throws whatever the rules throw: then nothing of it has happened, and it is to be parked. */
  decide(input: LaneInput): void {
    if (input.from === 'inbox') this.command(input);
    else if (input.from === 'effect') this.run(input.execution, { type: 'EffectOutcome', step: input.step, outcome: input.outcome });
    else if (input.from === 'timer' && input.step !== BOUND_STEP) this.run(input.execution, { type: 'Timer', step: input.step });
    else this.run(input.execution, { type: 'Continue' });
    this.passed(input);
  }

  /** Sets an input aside for people to look at, with the row that it came from; a claim that came with it is given back. */
  park(input: LaneInput, reason: string): void {
    const entry = input.from === 'inbox' ? undefined : this.known(input.execution);
    const account = accountOf(input) ?? entry?.account;
    const body = input.from === 'inbox' ? input.text : JSON.stringify(input);
    push(this.out.rows.parked, { shard: input.shard, pos: input.from === 'inbox' ? input.pos : undefined, account: account && digits(account), reason: escaped(`${identityOf(input)}: ${reason}`), body });
    if (input.from === 'inbox' && input.kind === COMMAND_KIND.create) this.giveBack(input.body, input.shard);
    this.inputs++;
    this.out.setAside(input, entry);
  }

  /** Turns what was decided into rows. Called once, before the commit. */
  finish(): void {
    this.out.finish();
    this.claims.into(this.out.rows);
  }

  private command(command: DrainedCommand): void {
    switch (command.kind) {
      case COMMAND_KIND.create:
        return this.create(command.body);
      case COMMAND_KIND.message:
        return this.message(command.body, command.hint);
      case COMMAND_KIND.input:
        return this.input(command.body);
      case 'unreadable':
        throw new Defect('the stored command cannot be read');
    }
  }

  private create({ start, keys }: CreateBody): void {
    if (this.find(start.execution)) this.forget(start, keys);
    else this.start(start, keys, true);
  }

  /** A create that was entered again after its execution had ended: what it claimed is free again. */
  private forget(start: StartRequest, keys: readonly string[]): void {
    const { status, shard } = this.find(start.execution) ?? {};
    if (status === STATUS.active || shard === undefined) return;
    for (const key of keys) if (this.claims.holder(key) === start.execution) this.claims.release(key, start.execution, shard);
  }

  private message({ start, keys, parameters, event, reply }: MessageBody, hint: ExecutionSid | undefined): void {
    const active = this.holderOf(keys) ?? this.activeHint(hint);
    if (!active) return this.answerLater(this.start(start, keys.filter((key) => !this.claims.holder(key)), false), reply, 1);
    const since = active.version + 1;
    this.apply(active, event === undefined ? { type: 'Message', parameters } : { type: 'FlowEvent', event, parameters });
    this.answerLater(active, reply, since);
  }

  private holderOf(keys: readonly string[]): Entry | undefined {
    for (const key of keys) {
      const holder = this.claims.holder(key);
      const entry = holder && (this.find(holder) ?? this.startEarly(holder));
      if (entry?.status === STATUS.active) return entry;
    }
    return undefined;
  }

  /** The door saw a holder that memory does not know: the execution itself says whether it still runs. */
  private activeHint(hint: ExecutionSid | undefined): Entry | undefined {
    const entry = hint && this.find(hint);
    return entry?.status === STATUS.active ? entry : undefined;
  }

  /** A create overtook this message into the claim although it stands behind it in the inbox: it starts now, and is passed over later. */
  private startEarly(sid: ExecutionSid): Entry | undefined {
    const create = this.context.loaded.starts.get(sid);
    return create && this.start(create.start, create.keys, true);
  }

  private input({ execution, account, input, reply }: InputBody): void {
    const entry = this.find(execution);
    if (entry?.account !== account) return this.answerNow(reply, execution, false, 'missing');
    const changed = entry.status === STATUS.active ? this.applyKnown(entry, input) : input.type === 'Delete' && this.remove(entry);
    if (input.type === 'End' || input.type === 'Delete') this.answerNow(reply, execution, changed, NAMES[entry.status]);
    else this.answerLater(entry, reply, entry.version);
  }

  /** The status of a message whose own answer was lost names the message: it can be asked for (A5). */
  private applyKnown(entry: Entry, input: InputBody['input']): boolean {
    if (input.type === 'MessageStatus' && entry.effect && isOfOpenSend(entry, input)) this.out.reported.push(effectName(entry.sid, entry.effect.step));
    return this.apply(entry, input);
  }

  private remove(entry: Entry): boolean {
    if (entry.status === STATUS.deleted) return false;
    this.append(entry, [{ type: 'ExecutionDeleted' }]);
    return true;
  }

  private run(sid: ExecutionSid, input: ExecutionInput): void {
    const entry = this.find(sid);
    if (entry?.status === STATUS.active) this.apply(entry, input);
  }

  private start(start: StartRequest, keys: readonly string[], held: boolean): Entry {
    const entry = newEntry(start, this.context.rules.newState());
    const { execution, account, flow, revision, isTestUser, trigger } = start;
    this.append(entry, this.decided(entry, { type: 'Start', execution, account, flow, revision, isTestUser, trigger }));
    for (const key of keys) this.claims.take(key, execution, entry.shard, held);
    entry.claims = keys;
    this.fresh.set(execution, entry);
    if (entry.status !== STATUS.active) this.release(entry);
    this.out.started.push(entry);
    return entry;
  }

  private apply(entry: Entry, input: ExecutionInput): boolean {
    const events = this.decided(entry, input);
    if (events.length === 0) return false;
    this.append(entry, events);
    if (entry.status !== STATUS.active) this.release(entry);
    return true;
  }

  private decided(entry: Entry, input: ExecutionInput): readonly ExecutionEvent[] {
    const { rules, nowMs, programOf } = this.context;
    return rules.decide(entry.state, input, nowMs, programOf);
  }

  /** Nothing may throw once the first field has changed. */
  private append(entry: Entry, decided: readonly ExecutionEvent[]): void {
    const { rules, nowMs } = this.context;
    let body = JSON.stringify(decided);
    if (body.length > SPRINT_CHARACTERS_MAX) throw new Defect(`a sprint of ${body.length} characters is too large to store and publish`);
    this.out.touch(entry);
    rules.evolve(entry.state, decided, nowMs);
    entry.version++;
    trackOpen(entry, decided, entry.version, nowMs);
    if (this.isSnapshotDue(entry, body.length)) {
      body = `${body.slice(0, -1)},${JSON.stringify({ type: 'SnapshotTaken', state: rules.snapshot(entry.state) })}]`;
      entry.snapshot = entry.version;
      entry.sprintsSince = entry.charactersSince = 0;
    }
    this.out.sprint(entry, publicCount(decided), body);
  }

  // Only where the sprint itself says what is open, so that nothing before it has to be read.
  private isSnapshotDue(entry: Entry, characters: number): boolean {
    entry.sprintsSince++;
    entry.charactersSince += characters;
    const isStop = entry.timer?.dueMs !== undefined || entry.effect !== undefined;
    return isStop && entry.status === STATUS.active && (entry.sprintsSince >= SNAPSHOT_SPRINTS || entry.charactersSince >= SNAPSHOT_CHARACTERS);
  }

  private release(entry: Entry): void {
    for (const key of entry.claims) this.claims.release(key, entry.sid, entry.shard);
  }

  private giveBack({ start, keys }: CreateBody, shard: number): void {
    if (!this.known(start.execution) && !this.context.loaded.unreadable.has(start.execution)) for (const key of keys) this.claims.release(key, start.execution, shard);
  }

  private find(sid: ExecutionSid): Entry | undefined {
    const entry = this.known(sid);
    const why = entry ? undefined : this.context.loaded.unreadable.get(sid);
    if (why !== undefined) throw new Defect(`the log of ${sid} cannot be read: ${why}`);
    return entry;
  }

  private known(sid: ExecutionSid): Entry | undefined {
    return this.context.cache.get(sid) ?? this.fresh.get(sid) ?? this.context.loaded.entries.get(sid);
  }

  private passed(input: LaneInput): void {
    this.inputs++;
    const entry = input.from === 'inbox' ? undefined : this.find(input.execution);
    this.out.passed(input, entry);
  }

  private answerNow(to: ReplyTo | undefined, execution: ExecutionSid, changed: boolean, status: Reply['status']): void {
    if (to) this.out.replies.push({ to, reply: { execution, changed, status } });
  }

  private answerLater(entry: Entry, to: ReplyTo | undefined, since: number): void {
    if (!to) return;
    entry.doors.push({ to, since });
    this.out.waitedFor(entry);
  }
}

const NAMES = { [STATUS.active]: 'active', [STATUS.ended]: 'ended', [STATUS.deleted]: 'deleted' } as const;
