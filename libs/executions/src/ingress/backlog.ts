import type { AccountSid } from '@atelier/contracts';
import { Rejection } from '@atelier/contracts';
import type { Database } from '@atelier/platform';
import { SHARDS } from '../store/migrations';

const LOOK_EACH_MS = 250;

/**
 * What this door has entered and nobody has processed yet, per account: a flow that is slower than its callers is told so at the door (back-pressure
 * is admission). Counted per process: the cap of an installation is the setting times its doors.
 */
export class Backlog {
  private readonly entered: { pos: number; account: AccountSid }[][] = Array.from({ length: SHARDS }, () => []);
  private readonly waiting = new Map<AccountSid, number>();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly db: Database,
    private readonly perAccountMax: number,
  ) {}

  /** Throws where the account has reached its cap. */
  admit(account: AccountSid): void {
    if ((this.waiting.get(account) ?? 0) < this.perAccountMax) return;
    throw new Rejection('TooManyRequests', { message: 'Too many inputs of this account wait to be processed', headers: { 'Retry-After': '1' } });
  }

  add(shard: number, pos: number, account: AccountSid): void {
    this.entered[shard]?.push({ pos, account });
    this.waiting.set(account, (this.waiting.get(account) ?? 0) + 1);
    this.timer ??= setTimeout(() => void this.look(), LOOK_EACH_MS).unref();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    const shards = this.entered.flatMap((list, shard) => (list.length > 0 ? [shard] : []));
    const done = await this.db
      .query<{ shard: number; pos: string }>(PROCESSED, [shards])
      .catch(() => []); // the store is away: the next look counts
    for (const { shard, pos } of done) this.processed(shard, Number(pos));
    this.timer = undefined;
    if (!this.closed && this.waiting.size > 0) this.timer = setTimeout(() => void this.look(), LOOK_EACH_MS).unref();
  }

  private processed(shard: number, upTo: number): void {
    const list = this.entered[shard] ?? [];
    const still = list.findIndex(({ pos }) => pos > upTo);
    for (const { account } of list.splice(0, still === -1 ? list.length : still)) {
      const left = (this.waiting.get(account) ?? 1) - 1;
      if (left === 0) this.waiting.delete(account);
      else this.waiting.set(account, left);
    }
  }
}

const PROCESSED = {
  name: 'executions.processed',
  text: `select s.shard, b.pos from unnest($1::smallint[]) s (shard)
    cross join lateral (select command_pos as pos from batch where shard = s.shard order by n desc limit 1) b`,
};
