import type { AccountSid } from '@atelier/contracts';
import { Rejection } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
import { SHARDS } from '../store/migrations';

const LOOK_EACH_MS = 250;
const LOOK_PRESSED_MS = 25; // while somebody waits for room

/** How much may wait per account, by who asks. */
export type BacklogLimits = { readonly perAccountMax: number; readonly triggersPerAccountMax: number };

/** Room for trigger records, which can wait elsewhere: what is taken counts as waiting until it is given back, so that many takers share one room. */
export interface TriggerRoom {
  /** How many of these records may be entered now. */
  take(account: AccountSid, wanted: number): number;
  /** They are entered, and count by themselves, or will not be. */
  giveBack(account: AccountSid, taken: number): void;
}

/**
 * What this door has entered and nobody has processed yet, per account: a flow that is slower than its callers is told so at the door (back-pressure
 * is admission). Counted per process: the cap of an installation is the setting times its doors.
 */
export class Backlog implements TriggerRoom {
  private readonly entered: { pos: number; account: AccountSid }[][] = Array.from({ length: SHARDS }, () => []);
  private readonly waiting = new Map<AccountSid, number>();
  private readonly taken = new Map<AccountSid, number>();
  private timer: NodeJS.Timeout | undefined;
  private isPressed = false;
  private isLooking = false;
  private closed = false;

  constructor(
    private readonly db: Database,
    private readonly limits: BacklogLimits,
  ) {}

  /** Inputs that wait, and how many of them are the busiest account's. */
  get depth(): { readonly inputs: number; readonly accountMax: number } {
    const counts = [...this.waiting.values()];
    return { inputs: counts.reduce((sum, count) => sum + count, 0), accountMax: Math.max(0, ...counts) };
  }

  take(account: AccountSid, wanted: number): number {
    const max = Math.min(this.limits.triggersPerAccountMax || Infinity, this.limits.perAccountMax);
    const taken = Math.max(0, Math.min(wanted, max - (this.waiting.get(account) ?? 0) - (this.taken.get(account) ?? 0)));
    if (taken > 0) this.taken.set(account, (this.taken.get(account) ?? 0) + taken);
    if (taken < wanted) this.press();
    return taken;
  }

  giveBack(account: AccountSid, taken: number): void {
    changed(this.taken, account, -taken);
  }

  /** Throws where the account has reached its cap. */
  admit(account: AccountSid): void {
    if ((this.waiting.get(account) ?? 0) < this.limits.perAccountMax) return;
    throw new Rejection('TooManyRequests', { message: 'Too many inputs of this account wait to be processed', headers: { 'Retry-After': '1' } });
  }

  add(shard: number, pos: number, account: AccountSid): void {
    this.entered[shard]?.push({ pos, account });
    changed(this.waiting, account, 1);
    this.lookLater();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    this.isLooking = true;
    const shards = this.entered.flatMap((list, shard) => (list.length > 0 ? [shard] : []));
    const done = await this.db
      .query<{ shard: number; pos: string }>(PROCESSED, [shards])
      .catch(() => []); // the store is away: the next look counts
    for (const { shard, pos } of done) this.processed(shard, Number(pos));
    this.timer = undefined;
    this.isLooking = this.isPressed = false;
    if (!this.closed && this.waiting.size > 0) this.lookLater();
  }

  private lookLater(): void {
    this.timer ??= setTimeout(() => void this.look(), this.isPressed ? LOOK_PRESSED_MS : LOOK_EACH_MS).unref();
  }

  /** Somebody waits for room: the next look comes sooner. */
  private press(): void {
    if (this.isPressed || this.closed) return;
    this.isPressed = true;
    if (!this.timer || this.isLooking) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.lookLater();
  }

  private processed(shard: number, upTo: number): void {
    const list = this.entered[shard] ?? [];
    const still = list.findIndex(({ pos }) => pos > upTo);
    for (const { account } of list.splice(0, still === -1 ? list.length : still)) changed(this.waiting, account, -1);
  }
}

const changed = (counts: Map<AccountSid, number>, account: AccountSid, by: number): void => {
  const count = (counts.get(account) ?? 0) + by;
  if (count > 0) counts.set(account, count);
  else counts.delete(account);
};

const PROCESSED = {
  name: 'executions.processed',
  text: `select s.shard, b.pos from unnest($1::smallint[]) s (shard)
    cross join lateral (select command_pos as pos from batch where shard = s.shard order by n desc limit 1) b`,
};
