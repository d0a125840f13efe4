import type { AccountSid } from '@atelier/contracts';

/** Effects in flight: one account cannot hold up the others, and all together cannot drown the process. */
export class Slots {
  private readonly perAccount = new Map<AccountSid, number>();
  private taken = 0;

  constructor(
    private readonly max: number,
    private readonly perAccountMax: number,
  ) {}

  get inUse(): number {
    return this.taken;
  }

  take(account: AccountSid): boolean {
    const mine = this.perAccount.get(account) ?? 0;
    if (this.taken >= this.max || mine >= this.perAccountMax) return false;
    this.perAccount.set(account, mine + 1);
    this.taken++;
    return true;
  }

  release(account: AccountSid): void {
    const mine = this.perAccount.get(account) ?? 0;
    if (mine <= 1) this.perAccount.delete(account);
    else this.perAccount.set(account, mine - 1);
    this.taken--;
  }
}
