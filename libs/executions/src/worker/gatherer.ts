import type { Clock, Database, Log } from '@atelier/platform';
import { type LaneInput, type TimerInput, identityOf } from './inputs';
import type { InputsOfMemory } from './inputs-of-memory';
import { readDue, readInbox } from './reads';
import type { Shard, Shards } from './shards';

const POLL_MS = 1_000;
const TIMERS_EACH_MS = 250;
const JUMP_MS = 60_000;
const HOLD_MS = 10_000;

/** The inputs of the next batch: inbox, memory, and due timers of shards whose inbox was read to its end (L2). */
export class Gatherer {
  private polledMs = -Infinity;
  private timersMs = -Infinity;
  private heldUntilMs = -Infinity;
  private last: { readonly wallMs: number; readonly monotonicMs: number } | undefined;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly shards: Shards,
    private readonly memory: InputsOfMemory,
  ) {}

  /** When it wants to look again although nobody woke it. */
  get nextLookMs(): number {
    return TIMERS_EACH_MS;
  }

  /** Look at timers with the next batch, whatever the time. */
  lookAtTimers(): void {
    this.timersMs = -Infinity;
  }

  async gather(max: number): Promise<readonly LaneInput[]> {
    if (this.shards.mine.size === 0) return [];
    const monotonicMs = this.clock.monotonicMs();
    if (monotonicMs - this.polledMs >= POLL_MS) {
      this.polledMs = monotonicMs;
      this.shards.hint();
    }
    // A full inbox leaves room: outcomes would wait for it for ever, and with them the slots of their effects.
    const commands = await this.inbox(max - Math.min(this.memory.size, Math.floor(max / 2)));
    const remembered = this.memory.take(Math.max(0, max - commands.length));
    const timers = commands.length + remembered.length < max && monotonicMs - this.timersMs >= TIMERS_EACH_MS ? await this.due(max, monotonicMs) : [];
    return this.within(max, [...commands, ...remembered, ...timers]);
  }

  private async inbox(max: number): Promise<readonly LaneInput[]> {
    const hinted = [...this.shards.mine.values()].filter(({ isHinted }) => isHinted);
    if (hinted.length === 0) return [];
    for (const shard of hinted) shard.isHinted = false; // before the read: what is entered from now on hints again
    const perShard = Math.max(1, Math.ceil(max / hinted.length));
    const found = await readInbox(this.db, hinted, perShard);
    const counts = new Map<number, number>();
    for (const { shard } of found) counts.set(shard, (counts.get(shard) ?? 0) + 1);
    for (const shard of hinted) if ((counts.get(shard.shard) ?? 0) >= perShard) shard.isHinted = true;
    return found;
  }

  private async due(max: number, monotonicMs: number): Promise<readonly TimerInput[]> {
    this.timersMs = monotonicMs;
    const nowMs = this.clock.nowMs();
    if (this.isHeld(nowMs, monotonicMs)) return [];
    const read = [...this.shards.mine.values()].filter(({ isHinted }) => !isHinted).map(({ shard }) => shard);
    const found = read.length === 0 ? [] : await readDue(this.db, read, nowMs, max);
    // Entered while the timers were read: the next batch takes both, the inbox first.
    return found.filter(({ shard }) => !this.shards.get(shard)?.isHinted);
  }

  private isHeld(wallMs: number, monotonicMs: number): boolean {
    const jumpMs = this.last ? wallMs - this.last.wallMs - (monotonicMs - this.last.monotonicMs) : 0;
    this.last = { wallMs, monotonicMs };
    if (Math.abs(jumpMs) > JUMP_MS) {
      this.heldUntilMs = monotonicMs + HOLD_MS;
      this.log.error({ jumpMs, holdMs: HOLD_MS }, 'the clock jumped; timers are held');
    }
    return monotonicMs < this.heldUntilMs;
  }

  /** As many as allowed, one of each suspect shard; the rest waits where it was. */
  private within(max: number, inputs: readonly LaneInput[]): readonly LaneInput[] {
    const taken: LaneInput[] = [];
    const left: LaneInput[] = [];
    const seen = new Set<Shard>();
    const tried = inputs.filter((input) => this.triesOf(input) > 0);
    const alone = this.alone(inputs, tried);
    for (const input of inputs) {
      const shard = this.shards.get(input.shard);
      if (!shard) continue; // lost between two batches
      const waits = alone ? input !== alone : taken.length >= max || tried.includes(input) || (seen.has(shard) && this.shards.isSuspect(shard));
      (waits ? left : taken).push(input);
      seen.add(shard);
    }
    this.memory.restore(left);
    for (const { from, shard } of left) if (from === 'inbox') this.shards.hint([shard]);
    if (left.some(({ from }) => from === 'timer')) this.lookAtTimers();
    return taken;
  }

  /**
   * What owners died with is tried alone, the least suspect first, and once this owner has shown that it lives: an owner that is killed before it stored
   * anything says nothing of the input that it had in hand.
   */
  private alone(inputs: readonly LaneInput[], tried: readonly LaneInput[]): LaneInput | undefined {
    const shards = new Set(tried.map(({ shard }) => shard));
    const isTime = tried.length > 0 && (this.shards.isProven || inputs.every(({ shard }) => shards.has(shard)));
    return isTime ? tried.reduce((least, input) => (this.triesOf(input) < this.triesOf(least) ? input : least)) : undefined;
  }

  /** How many owners died with this in hand. */
  private triesOf(input: LaneInput): number {
    const shard = this.shards.get(input.shard);
    return shard && this.shards.isSuspect(shard) && shard.tried === identityOf(input) ? shard.tries : 0;
  }
}
