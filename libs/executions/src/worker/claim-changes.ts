import type { ExecutionSid } from '@atelier/contracts';
import { digits } from '../store/columns';
import type { Rows } from './commit';

type Change = { readonly from: ExecutionSid | undefined; to: ExecutionSid | undefined; readonly shard: number };

/** Who holds which claim within a batch. Only the net change of each key is written, so one statement can end an execution and start the next. */
export class ClaimChanges {
  private readonly changes = new Map<string, Change>();

  constructor(private readonly holderBefore: (key: string) => ExecutionSid | undefined) {}

  holder(key: string): ExecutionSid | undefined {
    const change = this.changes.get(key);
    return change ? change.to : this.holderBefore(key);
  }

  /** `held`: ingress has stored the claim already, with the command. */
  take(key: string, execution: ExecutionSid, shard: number, held = false): void {
    const change = this.changes.get(key);
    if (change) change.to = execution;
    else this.changes.set(key, { from: held ? execution : this.holderBefore(key), to: execution, shard });
  }

  release(key: string, execution: ExecutionSid, shard: number): void {
    const change = this.changes.get(key);
    if (!change) this.changes.set(key, { from: execution, to: undefined, shard });
    else if (change.to === execution) change.to = undefined;
  }

  into(rows: Rows): void {
    for (const [key, { from, to, shard }] of this.changes) {
      if (from === to) continue;
      if (!from && to) push(rows.claimIn, { key, execution: digits(to), shard });
      else if (from && !to) push(rows.claimOut, { key, execution: digits(from) });
      else if (from && to) push(rows.claimTake, { key, from: digits(from), to: digits(to) });
    }
  }
}

/** Appends one row to columns of the same names. */
export const push = <C extends Readonly<Record<string, unknown[]>>>(columns: C, row: { readonly [K in keyof C]: C[K][number] }): void => {
  for (const name in columns) columns[name]?.push(row[name]);
};
