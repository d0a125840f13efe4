import { type ExecutionSid, Fault, type FlowDirectory, type FlowSid, stepSidOf } from '@atelier/contracts';
import type { Clock } from '@atelier/platform';
import type { EffectOutcome } from '@atelier/widgets';
import type { CommandResult, CreateResult, ExecutionCommand, InboundMessage, Ingress, Reply, StartRequest, TriggerOutcome } from '../ingress/ingress.port';
import { claimKey, inputKeyOf, shardOf } from '../ingress/keys';
import { COMMAND_KIND, type ReplyTo } from '../ingress/stored-command';
import { SHARDS } from '../store/migrations';
import { Batch } from '../worker/batch';
import type { AskedEffect } from '../worker/batch-rows';
import { type EffectPerformer, type Postponed, isPostponed } from '../worker/effect-performer.port';
import type { Entry } from '../worker/entry';
import { EntryCache } from '../worker/entry-cache';
import type { LaneInput } from '../worker/inputs';
import { Programs } from '../worker/programs';
import type { Rules } from '../worker/rules';
import type { Shard } from '../worker/shards';
import { MemoryTables } from './memory-tables';

export type MemoryOwnerOptions = { readonly rules: Rules; readonly directory: FlowDirectory; readonly performer: EffectPerformer; readonly clock: Clock };

const NOTHING = { entries: new Map(), unreadable: new Map(), holders: new Map(), starts: new Map() };

type Command = ({ readonly kind: 1; readonly body: object } | { readonly kind: 2; readonly body: object } | { readonly kind: 3; readonly body: object }) & { readonly shard: number };

/** For specs: inbox and owner of all shards in one, over tables in memory. Decides by the real batches, one input each, and performs what they ask for. */
export class MemoryOwner implements Ingress {
  readonly room: Ingress['room'] = { take: (_, wanted) => wanted, giveBack: () => undefined };
  readonly backlog = { inputs: 0, accountMax: 0 };
  readonly tables = new MemoryTables();
  /** Every execution as its owner holds it, also after its end. */
  readonly entries = new Map<ExecutionSid, Entry>();
  private readonly cache = new EntryCache(1_000);
  private readonly shards = new Map(Array.from({ length: SHARDS }, (_, shard): [number, Shard] => [shard, { shard, epoch: 1, n: 0, lastPos: 0, commandPos: 0, isHinted: false, suspectUpTo: 0, tried: null, tries: 0, unsureUpTo: 0 }]));
  private readonly programs: Programs;
  private readonly seen = new Set<string>();
  private readonly replies = new Map<number, Reply>();
  private readonly underWay = new Set<Promise<void>>();
  private failure: unknown;
  private asked = 0;

  constructor(private readonly options: MemoryOwnerOptions) {
    this.programs = new Programs(options.directory, (definition) => options.rules.compile(definition), 100);
  }

  async create(start: StartRequest): Promise<CreateResult> {
    const { account, flow, trigger, execution } = start;
    const key = claimKey(account, flow, trigger.contact, trigger.address);
    const holder = this.tables.claims.get(key);
    if (holder) return { kind: 'conflict', execution: holder };
    this.tables.claims.set(key, execution);
    await this.enter({ kind: COMMAND_KIND.create, shard: shardOf(account, flow, trigger.contact), body: { start, keys: [key] } }, start.account, start);
    return { kind: 'accepted', execution };
  }

  async trigger(start: StartRequest): Promise<TriggerOutcome> {
    const { kind, execution } = await this.create(start);
    return { kind: kind === 'accepted' ? 'started' : kind, execution };
  }

  async message({ start, inputKey, addresses, parameters, event, replyWithinMs }: InboundMessage): Promise<CommandResult> {
    if (this.isRepeated(inputKeyOf(start.account, inputKey))) return { kind: 'repeated' };
    const keys = addresses.map((address) => claimKey(start.account, start.flow, start.trigger.contact, address));
    const body = { start, keys, parameters, ...(event !== undefined && { event }) };
    return this.answered(replyWithinMs, (reply) =>
      this.enter({ kind: COMMAND_KIND.message, shard: shardOf(start.account, start.flow, start.trigger.contact), body: { ...body, ...reply } }, start.account, start));
  }

  async command({ execution, account, input, inputKey, replyWithinMs }: ExecutionCommand): Promise<CommandResult> {
    const entry = this.entries.get(execution);
    if (!entry) return { kind: 'unknown' };
    if (inputKey !== undefined && this.isRepeated(inputKeyOf(account, inputKey))) return { kind: 'repeated' };
    return this.answered(replyWithinMs, (reply) => this.enter({ kind: COMMAND_KIND.input, shard: entry.shard, body: { execution, account, input, ...reply } }, account));
  }

  async close(): Promise<void> {
    await this.settled();
  }

  /** Until nothing happens any more before something comes from outside. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
    if (this.failure !== undefined) throw this.failure;
  }

  async fireTimers(): Promise<void> {
    for (const { shard, execution, step, dueMs } of this.tables.due(this.options.clock.nowMs())) this.decide({ from: 'timer', shard, execution, step, dueMs });
    await this.settled();
  }

  private isRepeated(key: string): boolean {
    return this.seen.size === this.seen.add(key).size;
  }

  private async enter({ kind, shard, body }: Command, account: Entry['account'], start?: StartRequest): Promise<void> {
    if (start) await this.programs.load(account, start);
    const text = JSON.stringify(body);
    const pos = (this.shards.get(shard)?.commandPos ?? 0) + 1;
    this.decide({ from: 'inbox', shard, pos, hint: undefined, text, kind, body: JSON.parse(text) } as LaneInput); // as stored and drained
    await this.settled();
  }

  private async answered(replyWithinMs: number | undefined, enter: (reply: { readonly reply?: ReplyTo }) => Promise<void>): Promise<CommandResult> {
    const id = ++this.asked;
    await enter(replyWithinMs === undefined ? {} : { reply: { door: 'memory', id } });
    const reply = this.replies.get(id);
    return { kind: 'accepted', ...(reply && { reply }) };
  }

  private decide(input: LaneInput): void {
    const nowMs = this.options.clock.nowMs();
    const batch = new Batch({ shards: this.shards, cache: this.cache, loaded: NOTHING, rules: this.options.rules, programOf: this.programs.get, nowMs, takeSlot: () => true });
    batch.decide(input);
    batch.finish();
    this.tables.commit(batch.out.rows, nowMs);
    for (const [shard, head] of batch.out.heads) Object.assign(this.shards.get(shard) ?? {}, head);
    for (const { to, reply } of batch.out.replies) this.replies.set(to.id, reply);
    for (const entry of batch.out.touched) {
      this.cache.keep(entry);
      this.entries.set(entry.sid, entry);
      if (entry.bounded) this.decide({ from: 'bound', shard: entry.shard, execution: entry.sid });
    }
    for (const asked of batch.out.effects) this.start(asked);
  }

  private start({ entry, open }: AskedEffect): void {
    const performed = this.perform(entry, open)
      .then((outcome) => this.decide({ from: 'effect', shard: entry.shard, account: entry.account, execution: entry.sid, step: open.step, outcome }))
      .catch((error: unknown) => void (this.failure ??= error))
      .finally(() => this.underWay.delete(performed));
    this.underWay.add(performed);
  }

  private async perform({ sid, account, flow }: Entry, { step, effect }: AskedEffect['open']): Promise<EffectOutcome> {
    const nowMs = this.options.clock.nowMs();
    if (effect.kind !== 'subflow.resolve')
      return settledOutcome(await this.options.performer.perform({ execution: sid, account, flow, step, stepSid: stepSidOf(sid, step), effect }, { attemptedAtMs: nowMs, nowMs, signal: new AbortController().signal }));
    const subflow = effect.request.flowSid as FlowSid; // checked when the definition was imported
    const revision = await this.options.directory.resolve(account, subflow, 'LatestPublished');
    if (revision === undefined) return { ok: false, code: 81024, message: 'there is no such flow' };
    await this.programs.load(account, { flow: subflow, revision });
    return { ok: true, payload: { revision } };
  }
}

/** Here nothing is waited for: the world is what the walk makes of it. */
const settledOutcome = (answer: EffectOutcome | Postponed): EffectOutcome => {
  if (!isPostponed(answer)) return answer;
  if (answer.otherwise) return answer.otherwise;
  throw new Fault(answer.why);
};
