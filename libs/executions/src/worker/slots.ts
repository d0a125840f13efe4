/**
 * Who may send next. Owns how many effects are in flight, per account and in all, and the lines of those that wait. An account cannot hold up the others:
 * a free slot goes to the account whose last turn is longest ago, so however many effects of one account wait, another's waits for one of them.
 * S1. An account is in `turns` exactly while some of its effects wait and it may have another slot; nothing else looks over accounts, so a step costs the
 * same however many wait. S2. What need not wait takes a slot only where nobody is in `turns`.
 */
import type { AccountSid } from '@atelier/contracts';

/** What waits for a slot. */
export type Waiting = { readonly name: string; readonly shard: number; readonly effect: { readonly account: AccountSid } };

type Share<W> = {
  taken: number;
  /** Of its line; those that were given up still stand in it. */
  waiting: number;
  readonly line: W[];
};

export class Slots<W extends Waiting> {
  private readonly shares = new Map<AccountSid, Share<W>>();
  private readonly turns = new Set<AccountSid>();
  private readonly waiting = new Map<string, W>();
  private taken = 0;

  constructor(
    private readonly max: number,
    private readonly perAccountMax: number,
  ) {}

  get inUse(): number {
    return this.taken;
  }

  get inLine(): number {
    return this.waiting.size;
  }

  /** Keeps S2. */
  take(account: AccountSid): boolean {
    const share = this.shareOf(account);
    const isFree = this.turns.size === 0 && this.taken < this.max && share.taken < this.perAccountMax;
    if (isFree) this.give(share);
    this.settle(account, share);
    return isFree;
  }

  release(account: AccountSid): void {
    const share = this.shareOf(account);
    share.taken--;
    this.taken--;
    this.settle(account, share);
  }

  wait(waiting: W): void {
    this.forget(waiting.name);
    const share = this.shareOf(waiting.effect.account);
    share.line.push(waiting);
    share.waiting++;
    this.waiting.set(waiting.name, waiting);
    this.settle(waiting.effect.account, share);
  }

  /** The one whose turn it is; it holds a slot from now on. */
  next(): W | undefined {
    const [account] = this.turns;
    if (account === undefined || this.taken >= this.max) return undefined;
    const share = this.shareOf(account);
    const waiting = this.firstOf(share);
    this.give(share);
    this.turns.delete(account); // and to the end, where it may have more
    this.settle(account, share);
    return waiting;
  }

  /** It need not wait any more. */
  forget(name: string): void {
    const waiting = this.waiting.get(name);
    if (!waiting) return;
    this.waiting.delete(name);
    const share = this.shareOf(waiting.effect.account);
    share.waiting--;
    this.settle(waiting.effect.account, share);
  }

  forgetShards(shards: ReadonlySet<number>): void {
    for (const { name, shard } of this.waiting.values()) if (shards.has(shard)) this.forget(name);
  }

  private give(share: Share<W>): void {
    share.taken++;
    this.taken++;
  }

  private firstOf(share: Share<W>): W | undefined {
    for (let first = share.line.shift(); first; first = share.line.shift()) {
      if (this.waiting.get(first.name) !== first) continue; // it was given up
      this.waiting.delete(first.name);
      share.waiting--;
      return first;
    }
    return undefined;
  }

  private shareOf(account: AccountSid): Share<W> {
    const known = this.shares.get(account);
    if (known) return known;
    const share = { taken: 0, waiting: 0, line: [] };
    this.shares.set(account, share);
    return share;
  }

  /** Keeps S1, and forgets an account that has nothing here. */
  private settle(account: AccountSid, share: Share<W>): void {
    if (share.waiting > 0 && share.taken < this.perAccountMax) this.turns.add(account);
    else this.turns.delete(account);
    if (share.waiting === 0) share.line.length = 0;
    if (share.waiting === 0 && share.taken === 0) this.shares.delete(account);
  }
}
