/**
 * The desk for effects of an owner: which are in flight, which wait for a slot (`slots.ts`), which wait for the world (`postponements.ts`), which nobody
 * knows the fate of (`doubts.ts`). It never writes events: an outcome is an input of its lane, or a command where the shard has gone elsewhere.
 * W6. Nothing is sent that was not marked: with the commit that asked for it, or by a compare-and-set of its own.
 * E1. An effect is in exactly one place: in flight, waiting for a slot, about to be marked, postponed, or doubtful.
 * E2. No clock of a machine says how old an attempt is: the store does, and from then on monotonic time.
 */
import { setMaxListeners } from 'node:events';
import type { FlowDirectory } from '@atelier/contracts';
import type { Clock, Database, Log } from '@atelier/platform';
import type { EffectOutcome } from '@atelier/widgets';
import { inRotation, slicesOf } from '../rotation';
import type { AskedEffect } from './batch-rows';
import { type DoubtPorts, Doubts, GRACE_MS, LOOK_EACH_MS } from './doubts';
import type { Entry } from './entry';
import { type EffectPerformer, type Postponed, isPostponed } from './effect-performer.port';
import { type Mark, type OpenRow, markAttempts, takeBackAttempt } from './effect-rows';
import { type Held, heldOf } from './held-effect';
import type { OutcomeInput } from './inputs';
import { ClaimedMessages, effectName } from './message-outcomes';
import type { WorkerMetrics } from './metrics';
import { Postponements } from './postponements';
import { Slots } from './slots';
import { resolveSubflow } from './subflow-resolve';

export type DeskPorts = {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly directory: FlowDirectory;
  readonly performer: EffectPerformer;
  readonly metrics: WorkerMetrics;
  readonly settings: { readonly effectsMax: number; readonly effectsPerAccountMax: number; readonly effectTimeoutMs: number; readonly effectPatienceMs: number };
  /** The epoch under which a shard is held now; undefined: not mine. */
  readonly epochOf: (shard: number) => number | undefined;
  readonly entryOf: DoubtPorts['entryOf'];
  readonly deliver: (outcome: OutcomeInput) => void;
};

/** How many effects are where. */
export type DeskDepth = { readonly inFlight: number; readonly waiting: number; readonly postponed: number; readonly doubtful: number };

export class EffectDesk {
  /** And whether a status callback has named its message meanwhile. */
  private readonly inFlight = new Map<string, boolean>();
  private readonly slots: Slots<Held>;
  /** They hold a slot, and their mark is on its way to the store; with their shard. */
  private readonly unmarked = new Map<string, number>();
  private readonly doubts: Doubts;
  private readonly postponements: Postponements;
  private readonly claimed: ClaimedMessages;
  private readonly abort = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private marking: Promise<void> | undefined;
  private isStopping = false;

  constructor(private readonly ports: DeskPorts) {
    const { db, clock, log, performer, entryOf, settings } = ports;
    this.slots = new Slots(settings.effectsMax, settings.effectsPerAccountMax);
    this.postponements = new Postponements(settings.effectPatienceMs);
    this.claimed = new ClaimedMessages(db);
    this.doubts = new Doubts({
      db, clock, log, performer, entryOf, claimed: this.claimed, effectTimeoutMs: settings.effectTimeoutMs, signal: this.abort.signal,
      again: (held) => this.wait(held),
      settled: (held, outcome) => this.delivered(held, outcome),
    });
    setMaxListeners(0, this.abort.signal); // one a call under way
  }

  readonly takeSlot = (account: Entry['account']): boolean => !this.isStopping && this.slots.take(account);

  get isIdle(): boolean {
    return this.inFlight.size + this.slots.inLine + this.unmarked.size + this.postponements.size + this.doubts.size === 0;
  }

  get depth(): DeskDepth {
    return { inFlight: this.inFlight.size, waiting: this.slots.inLine, postponed: this.postponements.size, doubtful: this.doubts.size };
  }

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_EACH_MS);
  }

  /** Nothing new starts from now on; resolves when nothing is in flight, or after a while: the next owner reconciles the rest. */
  async stop(graceMs: number): Promise<void> {
    clearInterval(this.timer);
    this.isStopping = true;
    this.doubts.stop();
    const end = this.ports.clock.monotonicMs() + graceMs;
    while ((this.inFlight.size > 0 || this.marking) && this.ports.clock.monotonicMs() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    this.abort.abort();
  }

  /** The batch that asked for these was not stored. */
  forget(asked: readonly AskedEffect[]): void {
    for (const { entry, attempted } of asked) if (attempted) this.slots.release(entry.account);
  }

  /** After the commit. `fresh`: little enough time has passed since the mark that nobody else can have thought it dead. */
  committed(asked: readonly AskedEffect[], fresh: boolean): void {
    for (const { entry, open, attempted } of asked) {
      const held = heldOf(entry, open.step, open.effect, attempted ? 1 : 0, this.ports.clock.monotonicMs());
      if (!attempted) this.slots.wait(held);
      else if (fresh) this.perform(held);
      else this.unstarted(held);
    }
  }

  /** A status callback was faster than the answer of the send: should that be lost, the message can be asked for at once. */
  reported(name: string): void {
    if (this.inFlight.has(name)) this.inFlight.set(name, true);
    this.doubts.hurry(name);
  }

  /** What the store says is open in shards just taken or read again; those that are in flight here stay so. */
  found(rows: readonly OpenRow[]): void {
    // Accounts take turns here, too: they are asked about, and stand in line, in this order.
    for (const row of inRotation(slicesOf(rows, ({ account }) => account))) {
      const name = effectName(row.execution, row.step);
      if (this.inFlight.has(name)) continue;
      this.slots.forget(name);
      this.unmarked.delete(name);
      this.postponements.rest(name);
      this.doubts.add(row);
    }
    if (rows.length > 0) this.look();
  }

  /** These shards are somebody else's now. */
  left(shards: ReadonlySet<number>): void {
    this.slots.forgetShards(shards);
    for (const [name, shard] of this.unmarked) if (shards.has(shard)) this.unmarked.delete(name);
    this.postponements.forgetShards(shards);
    this.doubts.left(shards);
  }

  /** Asks about what is doubtful and due, tries again what was postponed, and gives free slots to what waits. */
  look(): void {
    this.doubts.look();
    for (const held of this.postponements.due(this.ports.clock.monotonicMs())) this.slots.wait(held);
    this.fillSlots();
  }

  private wait(held: Held): void {
    this.slots.wait(held);
    this.fillSlots();
  }

  private unstarted(held: Held): void {
    this.slots.release(held.effect.account);
    this.doubts.addAttempt(held);
  }

  /** It holds a slot and its attempt is marked. */
  private perform(held: Held): void {
    this.inFlight.set(held.name, false);
    const end = this.ports.metrics.effectStarted(held.effect.effect.kind);
    this.outcomeOf(held).then(
      (outcome) => {
        end(outcome);
        if (isPostponed(outcome)) void this.postpone(held, outcome);
        else this.ended(held, outcome);
      },
      (error: unknown) => {
        end('thrown');
        this.ports.log.warn({ execution: held.effect.execution, step: held.effect.step, error: String(error) }, 'nobody knows what became of an effect; it is reconciled');
        const isReported = this.inFlight.get(held.name);
        this.inFlight.delete(held.name);
        this.unstarted(held);
        if (isReported) this.doubts.hurry(held.name);
      },
    );
  }

  private ended(held: Held, outcome: EffectOutcome): void {
    this.inFlight.delete(held.name);
    this.slots.release(held.effect.account);
    this.delivered(held, outcome);
    this.fillSlots();
  }

  /** It did not happen: its mark is taken back, and it waits. Where nobody knows whether the store took it back, it is reconciled. */
  private async postpone(held: Held, { why, otherwise }: Postponed): Promise<void> {
    const waits = this.postponements.add(held, this.ports.clock.monotonicMs(), otherwise !== undefined);
    if (!waits && otherwise) return this.ended(held, otherwise);
    this.ports.log.warn({ execution: held.effect.execution, step: held.effect.step, attempts: held.attempts, why }, 'an effect waits: the world is away');
    const isBack = await takeBackAttempt(this.ports.db, held).catch(() => false);
    this.inFlight.delete(held.name);
    if (!isBack) {
      this.postponements.rest(held.name);
      return this.unstarted(held);
    }
    this.slots.release(held.effect.account);
    if (this.ports.epochOf(held.shard) === undefined) this.postponements.forget(held.name); // whoever has it attempts it
    this.fillSlots();
  }

  private delivered({ name, shard, effect: { execution, account, step, effect } }: Held, outcome: EffectOutcome): void {
    this.postponements.forget(name);
    if (effect.kind === 'message.send') this.claimed.claim(outcome.payload?.['Sid'], name);
    this.ports.deliver({ from: 'effect', shard, execution, account, step, outcome });
  }

  private outcomeOf({ effect }: Held): Promise<EffectOutcome | Postponed> {
    if (effect.effect.kind === 'subflow.resolve') return resolveSubflow(this.ports.directory, effect.account, effect.effect.request);
    const nowMs = this.ports.clock.nowMs();
    return this.ports.performer.perform({ ...effect, effect: effect.effect }, { attemptedAtMs: nowMs, nowMs, signal: this.abort.signal });
  }

  private fillSlots(): void {
    if (this.slots.inLine === 0 || this.marking || this.isStopping) return;
    this.marking = this.markWaiting().then((marked) => {
      this.marking = undefined;
      if (marked > 0) this.fillSlots(); // slots that came free meanwhile
    });
  }

  private async markWaiting(): Promise<number> {
    const chosen: Held[] = [];
    const marks: Mark[] = [];
    for (let held = this.slots.next(); held; held = this.slots.next()) {
      const epoch = this.ports.epochOf(held.shard);
      if (epoch === undefined) {
        this.slots.release(held.effect.account); // its shard has gone; whoever has it finds the effect in the store
        continue;
      }
      this.unmarked.set(held.name, held.shard);
      chosen.push(held);
      marks.push({ shard: held.shard, execution: held.effect.execution, step: held.effect.step, epoch, wasAttempts: held.attempts });
    }
    if (chosen.length === 0) return 0;
    const { clock } = this.ports;
    const askedMs = clock.monotonicMs();
    const marked = await markAttempts(this.ports.db, marks).catch(() => undefined); // nobody knows: it is read again
    for (const held of chosen) this.begin(held, marked, clock.monotonicMs() - askedMs < GRACE_MS);
    return chosen.length;
  }

  /** After the mark of a waiting effect, or the attempt to mark it; where it was found again meanwhile, this is newer. */
  private begin(held: Held, marked: ReadonlySet<string> | undefined, fresh: boolean): void {
    this.unmarked.delete(held.name);
    this.slots.forget(held.name); // keeps E1
    this.doubts.forget(held.name);
    const mine = { ...held, attempts: held.attempts + 1, attemptedMs: this.ports.clock.monotonicMs() };
    // Also where its shard has gone: whoever owns that now sees the mark and waits for the outcome.
    if (fresh && marked?.has(held.name)) return this.perform(mine);
    if (this.ports.epochOf(held.shard) === undefined) return this.slots.release(held.effect.account);
    if (!marked || marked.has(held.name)) return this.unstarted(mine); // the mark may be stored
    this.unstarted({ ...mine, attempts: UNKNOWN });
    this.doubts.hurry(held.name);
  }
}

const UNKNOWN = -1; // not what was read: it is read again
