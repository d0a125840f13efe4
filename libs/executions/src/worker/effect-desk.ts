/**
 * The desk for effects of an owner: which are in flight, which wait for a slot, which nobody knows the fate of. It never writes events: an outcome is
 * an input of its lane, or a command where the shard has gone elsewhere.
 * W6. Nothing is sent that was not marked: with the commit that asked for it, or by a compare-and-set of its own.
 * E1. An effect is in exactly one place: in flight, waiting, or doubtful. E2. What was marked by somebody else, or too long ago, is reconciled after
 * its time-out and 5 s, when no first attempt can still be on its way.
 */
import { setMaxListeners } from 'node:events';
import { type FlowDirectory, type FlowSid, type RevisionName, stepSidOf } from '@atelier/contracts';
import type { Clock, Database, Log } from '@atelier/platform';
import type { Effect, EffectOutcome } from '@atelier/widgets';
import type { AskedEffect } from './batch-rows';
import type { Entry } from './entry';
import { type EffectPerformer, type RequestedEffect, NotYet } from './effect-performer.port';
import { type Mark, type OpenRow, markAttempts } from './effect-rows';
import type { OutcomeInput } from './inputs';
import { ClaimedMessages, effectName } from './message-outcomes';
import type { WorkerMetrics } from './metrics';
import { Slots } from './slots';

const LOOK_EACH_MS = 1_000;
const GRACE_MS = 5_000;
const NOT_YET_MS = 120_000; // longer than a service of ours takes to come back; steps fail after that
const ASKED_MAX = 64; // look-ups at once after a crash; more would only wait for each other

export type DeskPorts = {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly directory: FlowDirectory;
  readonly performer: EffectPerformer;
  readonly metrics: WorkerMetrics;
  readonly settings: { readonly effectsMax: number; readonly effectsPerAccountMax: number; readonly effectTimeoutMs: number };
  /** The epoch under which a shard is held now; undefined: not mine. */
  readonly epochOf: (shard: number) => number | undefined;
  /** The execution with its open effect, from memory or the store. */
  readonly entryOf: (shard: number, sid: Entry['sid']) => Promise<Entry | undefined>;
  readonly deliver: (outcome: OutcomeInput) => void;
};

type Held = {
  readonly name: string;
  readonly shard: number;
  readonly effect: Omit<RequestedEffect, 'effect'> & { readonly effect: Effect };
  attempts: number;
  attemptedAtMs: number;
  /** Since when a service of ours that it needs is away. */
  notYetSinceMs?: number;
};

export class EffectDesk {
  /** And whether a status callback has named its message meanwhile. */
  private readonly inFlight = new Map<string, boolean>();
  private readonly waiting = new Map<string, Held>();
  private readonly doubtful = new Map<string, { readonly row: OpenRow; dueMs: number; isAsked: boolean }>();
  private readonly slots: Slots;
  private readonly claimed: ClaimedMessages;
  private readonly abort = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private marking: Promise<void> | undefined;
  private asked = 0;
  private isStopping = false;

  constructor(private readonly ports: DeskPorts) {
    this.slots = new Slots(ports.settings.effectsMax, ports.settings.effectsPerAccountMax);
    this.claimed = new ClaimedMessages(ports.db);
    setMaxListeners(0, this.abort.signal); // one a call under way
  }

  readonly takeSlot = (account: Entry['account']): boolean => !this.isStopping && this.slots.take(account);

  get isIdle(): boolean {
    return this.inFlight.size === 0 && this.waiting.size === 0 && this.doubtful.size === 0;
  }

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_EACH_MS);
  }

  /** Nothing new starts from now on; resolves when nothing is in flight, or after a while: the next owner reconciles the rest. */
  async stop(graceMs: number): Promise<void> {
    clearInterval(this.timer);
    this.isStopping = true;
    const end = this.ports.clock.monotonicMs() + graceMs;
    while ((this.inFlight.size > 0 || this.marking) && this.ports.clock.monotonicMs() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    this.abort.abort();
  }

  /** The batch that asked for these was not stored. */
  forget(asked: readonly AskedEffect[]): void {
    for (const { entry, attempted } of asked) if (attempted) this.slots.release(entry.account);
  }

  /** After the commit. `fresh`: little enough time has passed since the mark that nobody else can have thought it dead. */
  committed(asked: readonly AskedEffect[], nowMs: number, fresh: boolean): void {
    for (const { entry, open, attempted } of asked) {
      const held = heldOf(entry, open.step, open.effect, nowMs);
      if (!attempted) this.waiting.set(held.name, { ...held, attempts: 0 });
      else if (fresh) this.perform(held);
      else this.unstarted(held);
    }
  }

  /** A status callback was faster than the answer of the send: should that be lost, the message can be asked for at once. */
  reported(name: string): void {
    if (this.inFlight.has(name)) this.inFlight.set(name, true);
    this.hurry(name);
  }

  /** What the store says is open in shards just taken or read again; those that are in flight here stay so. */
  found(rows: readonly OpenRow[]): void {
    for (const row of rows) {
      const name = effectName(row.execution, row.step);
      if (this.inFlight.has(name)) continue;
      this.waiting.delete(name);
      const dueMs = row.attemptedMs === undefined ? 0 : row.attemptedMs + this.ports.settings.effectTimeoutMs + GRACE_MS;
      this.doubtful.set(name, { row, dueMs, isAsked: false });
    }
    if (rows.length > 0) this.look();
  }

  /** These shards are somebody else's now. */
  left(shards: ReadonlySet<number>): void {
    for (const [name, { shard }] of this.waiting) if (shards.has(shard)) this.waiting.delete(name);
    for (const [name, { row }] of this.doubtful) if (shards.has(row.shard)) this.doubtful.delete(name);
  }

  /** Asks about what is doubtful and due, and gives free slots to what waits. */
  look(): void {
    this.askNext();
    this.fillSlots();
  }

  /** As many at once as make sense, in the order in which they are due again. */
  private askNext(): void {
    if (this.isStopping) return;
    const nowMs = this.ports.clock.nowMs();
    for (const [name, doubt] of this.doubtful) {
      if (this.asked >= ASKED_MAX) return;
      if (doubt.isAsked || doubt.dueMs > nowMs) continue;
      doubt.isAsked = true;
      this.asked++;
      void this.reconcile(name, doubt.row).finally(() => this.answered(name));
    }
  }

  /** What is still doubtful is asked about again after a while, and after the others. */
  private answered(name: string): void {
    this.asked--;
    const doubt = this.doubtful.get(name);
    if (doubt) {
      this.doubtful.delete(name);
      this.doubtful.set(name, { ...doubt, isAsked: false, dueMs: this.ports.clock.nowMs() + LOOK_EACH_MS });
    }
    this.askNext();
  }

  private unstarted(held: Held): void {
    const { name, shard, effect, attempts, attemptedAtMs } = held;
    this.slots.release(effect.account);
    const row = { shard, execution: effect.execution, step: effect.step, account: effect.account, epoch: this.ports.epochOf(shard) ?? 0, attempts, attemptedMs: attemptedAtMs };
    this.doubtful.set(name, { row, dueMs: attemptedAtMs + this.ports.settings.effectTimeoutMs + GRACE_MS, isAsked: false });
  }

  private hurry(name: string): void {
    const doubt = this.doubtful.get(name);
    if (!doubt) return;
    doubt.dueMs = 0;
    this.look();
  }

  /** It holds a slot and its attempt is marked. */
  private perform(held: Held): void {
    this.inFlight.set(held.name, false);
    const end = this.ports.metrics.effectStarted(held.effect.effect.kind);
    this.outcomeOf(held).then(
      (outcome) => {
        end(outcome);
        this.ended(held, outcome);
      },
      (error: unknown) => {
        end('thrown');
        if (error instanceof NotYet) return this.notYet(held, error);
        this.ports.log.warn({ execution: held.effect.execution, step: held.effect.step, error: String(error) }, 'nobody knows what became of an effect; it is reconciled');
        const isReported = this.inFlight.get(held.name);
        this.inFlight.delete(held.name);
        this.unstarted(held);
        if (isReported) this.hurry(held.name);
      },
    );
  }

  /** It goes back to those that wait, and is marked again before the next attempt. Whoever has taken its shard over meanwhile reconciles it. */
  private notYet(held: Held, { otherwise }: NotYet): void {
    const nowMs = this.ports.clock.nowMs();
    held.notYetSinceMs ??= nowMs;
    if (nowMs - held.notYetSinceMs >= NOT_YET_MS) return this.ended(held, otherwise);
    this.inFlight.delete(held.name);
    this.slots.release(held.effect.account);
    if (this.ports.epochOf(held.shard) !== undefined) this.waiting.set(held.name, held);
  }

  private ended(held: Held, outcome: EffectOutcome): void {
    this.inFlight.delete(held.name);
    this.slots.release(held.effect.account);
    this.delivered(held, outcome);
    this.fillSlots();
  }

  private delivered({ name, shard, effect: { execution, account, step, effect } }: Held, outcome: EffectOutcome): void {
    if (effect.kind === 'message.send') this.claimed.claim(outcome.payload?.['Sid'], name);
    this.ports.deliver({ from: 'effect', shard, execution, account, step, outcome });
  }

  private outcomeOf({ effect, attemptedAtMs }: Held): Promise<EffectOutcome> {
    if (effect.effect.kind === 'subflow.resolve') return this.resolve(effect.account, effect.effect.request.flowSid, effect.effect.request.revision);
    return this.ports.performer.perform({ ...effect, effect: effect.effect }, this.contextOf(attemptedAtMs));
  }

  private async resolve(account: Entry['account'], flowSid: string, revision: string): Promise<EffectOutcome> {
    // The definition was validated: an identifier and one of these words, or a number.
    const resolved = await this.ports.directory.resolve(account, flowSid as FlowSid, revisionName(revision));
    return resolved === undefined ? { ok: false, code: 81024, message: `there is no revision ${revision} of ${flowSid} that can run` } : { ok: true, payload: { revision: resolved } };
  }

  private contextOf(attemptedAtMs: number): { readonly attemptedAtMs: number; readonly nowMs: number; readonly signal: AbortSignal } {
    return { attemptedAtMs, nowMs: this.ports.clock.nowMs(), signal: this.abort.signal };
  }

  private async reconcile(name: string, row: OpenRow): Promise<void> {
    try {
      const entry = await this.ports.entryOf(row.shard, row.execution);
      const open = entry?.effect;
      if (!this.doubtful.has(name)) return;
      if (!entry || open?.step !== row.step) return void this.doubtful.delete(name); // its outcome came in meanwhile
      const held = { ...heldOf(entry, row.step, open.effect, row.attemptedMs ?? 0), attempts: row.attempts };
      const verdict = row.attemptedMs === undefined ? 'again' : await this.verdictOn(held, entry.reported);
      if (!this.doubtful.has(name) || verdict === 'wait') return;
      this.doubtful.delete(name);
      if (verdict === 'again') this.waiting.set(name, held);
      else this.delivered(held, verdict);
      this.fillSlots();
    } catch (error) {
      this.ports.log.warn({ execution: row.execution, step: row.step, error: String(error) }, 'an effect could not be reconciled; again in a second');
    }
  }

  private verdictOn(held: Held, messageSid: string | undefined): Promise<EffectOutcome | 'again' | 'wait'> {
    const { name, shard, effect, attemptedAtMs } = held;
    if (effect.effect.kind === 'subflow.resolve') return Promise.resolve('again');
    const isClaimed = (messageSid: string): Promise<boolean> => this.claimed.isClaimed(messageSid, name, shard, attemptedAtMs);
    return this.ports.performer.reconcile({ ...effect, effect: effect.effect }, { ...this.contextOf(attemptedAtMs), isClaimed, ...(messageSid !== undefined && { messageSid }) });
  }

  private fillSlots(): void {
    if (this.waiting.size === 0 || this.marking) return;
    this.marking = this.markWaiting().then((marked) => {
      this.marking = undefined;
      if (marked > 0) this.fillSlots(); // slots that came free meanwhile
    });
  }

  private async markWaiting(): Promise<number> {
    const chosen: Held[] = [];
    const marks: Mark[] = [];
    for (const held of this.waiting.values()) {
      const epoch = this.ports.epochOf(held.shard);
      if (epoch === undefined || !this.takeSlot(held.effect.account)) continue;
      chosen.push(held);
      marks.push({ shard: held.shard, execution: held.effect.execution, step: held.effect.step, epoch, wasAttempts: held.attempts });
    }
    if (chosen.length === 0) return 0;
    const { clock } = this.ports;
    const nowMs = clock.nowMs();
    const askedMs = clock.monotonicMs();
    const marked = await markAttempts(this.ports.db, marks, nowMs).catch(() => undefined);
    for (const held of chosen) this.begin(held, marked, nowMs, clock.monotonicMs() - askedMs < GRACE_MS);
    return chosen.length;
  }

  /** After the mark of a waiting effect, or the attempt to mark it. */
  private begin(held: Held, marked: ReadonlySet<string> | undefined, nowMs: number, fresh: boolean): void {
    const isMine = this.waiting.delete(held.name);
    held.attempts++;
    held.attemptedAtMs = nowMs;
    if (fresh && marked?.has(held.name)) return this.performMarked(held);
    if (isMine && (!marked || marked.has(held.name))) return this.unstarted(held); // the mark may be stored
    this.slots.release(held.effect.account); // somebody else has it, or it is over
  }

  /** Also where its shard has gone meanwhile: whoever owns that now sees the mark and waits for the outcome. */
  private performMarked(held: Held): void {
    this.doubtful.delete(held.name); // keeps E1
    this.perform(held);
  }
}

const heldOf = (entry: Entry, step: number, effect: Effect, attemptedAtMs: number): Held => ({
  name: effectName(entry.sid, step),
  shard: entry.shard,
  effect: { execution: entry.sid, account: entry.account, flow: entry.flow, step, stepSid: stepSidOf(entry.sid, step), effect },
  attempts: 1,
  attemptedAtMs,
});

const revisionName = (revision: string): RevisionName => {
  if (revision === 'LatestPublished') return revision;
  return /^[0-9]+$/.test(revision) ? Number(revision) : 'LatestRevision';
};
