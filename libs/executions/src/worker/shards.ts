import type { Database } from '@atelier/platform';
import { readOpenEffects } from './effect-rows';
import type { EffectDesk } from './effect-desk';
import type { EntryCache } from './entry-cache';
import type { Taken } from './leases';
import { readPositions } from './reads';

/** A shard in the hands of its owner: where its log and its inbox stand after the last batch that is known to be stored. */
export type Shard = {
  readonly shard: number;
  readonly epoch: number;
  n: number;
  lastPos: number;
  commandPos: number;
  /** Something may lie beyond commandPos. */
  isHinted: boolean;
  /** A12: one input at a time up to this position of the inbox, because the former owner did not hand over. */
  suspectUpTo: number;
  /** A12: what that owner had in hand perhaps when it died, and how many owners so far; it is tried alone. */
  readonly tried: string | null;
  readonly tries: number;
  /** What was entered up to here came while somebody's memory was lost: the doors did not see all claims, nor does memory. */
  unsureUpTo: number;
};

/** The shards of a lane. They come and go between batches only; one that is in doubt is read again before anything is decided on it. */
export class Shards {
  readonly mine = new Map<number, Shard>();
  /** This owner has stored a batch: whatever it dies of next, it is not that it never came so far. */
  isProven = false;
  private coming: Taken[] = [];
  private readonly going = new Map<number, () => void>();
  private readonly doubtful = new Set<number>();

  constructor(
    private readonly db: Database,
    private readonly cache: EntryCache,
    private readonly desk: Pick<EffectDesk, 'found'>,
  ) {}

  get(shard: number): Shard | undefined {
    return this.mine.get(shard);
  }

  isSuspect({ commandPos, suspectUpTo }: Shard): boolean {
    return commandPos < suspectUpTo;
  }

  /** Whether claims have to be looked up for what comes next in these shards. */
  isUnsure(shards: Iterable<number>): boolean {
    for (const number of shards) {
      const shard = this.mine.get(number);
      if (shard && shard.commandPos < shard.unsureUpTo) return true;
    }
    return false;
  }

  take(taken: Taken): void {
    this.coming.push(taken);
  }

  /** After the batch in hand; then `done` is called. One that was about to come does not. */
  leave(shard: number, done: () => void): void {
    this.coming = this.coming.filter((taken) => taken.shard !== shard);
    this.going.set(shard, done);
  }

  hint(shards?: Iterable<number>): void {
    for (const shard of shards ?? this.mine.keys()) {
      const mine = this.mine.get(shard);
      if (mine) mine.isHinted = true;
    }
  }

  doubt(shards: Iterable<number>): void {
    for (const shard of shards) this.doubtful.add(shard);
  }

  doubtAll(): void {
    this.doubt(this.mine.keys());
  }

  trust(shards: Iterable<number>): void {
    for (const shard of shards) this.doubtful.delete(shard);
  }

  /** The batch is stored. */
  advance(heads: ReadonlyMap<number, { readonly lastPos: number; readonly commandPos: number }>): void {
    this.isProven = true;
    for (const [number, { lastPos, commandPos }] of heads) {
      const shard = this.mine.get(number);
      if (shard) Object.assign(shard, { n: shard.n + 1, lastPos, commandPos });
    }
  }

  /** Between batches: those who go leave, those who come and those in doubt are read. */
  async settle(): Promise<void> {
    if (this.going.size + this.coming.length + this.doubtful.size === 0) return;
    this.goings();
    const coming = this.coming.splice(0);
    for (const { shard, epoch, clean, tried, tries } of coming) {
      this.mine.set(shard, { shard, epoch, n: 0, lastPos: 0, commandPos: 0, isHinted: true, suspectUpTo: clean ? 0 : Infinity, tried: clean ? null : tried, tries, unsureUpTo: 0 });
      this.doubtful.add(shard);
    }
    await this.reread();
  }

  private goings(): void {
    const gone = new Set(this.going.keys());
    this.cache.dropShards(gone);
    for (const [shard, done] of this.going) {
      this.mine.delete(shard);
      this.doubtful.delete(shard);
      this.going.delete(shard);
      done();
    }
  }

  /** Throws while the store is away; the doubt stays. */
  private async reread(): Promise<void> {
    const asked = [...this.doubtful].filter((shard) => this.mine.has(shard));
    if (asked.length > 0) {
      this.cache.dropShards(new Set(asked));
      for (const { shard: number, inboxEnd, ...position } of await readPositions(this.db, asked)) {
        const shard = this.mine.get(number);
        if (shard) Object.assign(shard, position, { isHinted: true, suspectUpTo: Math.min(shard.suspectUpTo, inboxEnd), unsureUpTo: inboxEnd });
      }
      this.desk.found(await readOpenEffects(this.db, asked));
    }
    this.doubtful.clear();
  }
}
