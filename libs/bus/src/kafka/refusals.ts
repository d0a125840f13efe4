/** What a broker refuses for its size, and how the record is found that is to blame (K7 of kafka-publisher.ts): sends get smaller, until it stands alone. */
import { waitAfter } from '../shard-delivery';

/** Records of one shard in a send, and the last position of them. */
export type Sent = { readonly shard: number; readonly records: readonly unknown[]; readonly last: number };
type Suspect = { readonly upTo: number; readonly most: number; readonly failures: number; readonly heldUntilMs: number };

const HELD_MS = 1_000; // doubles up to ten seconds; somebody may allow larger records meanwhile

/** Whether a send failed because a record, or several together, is larger than the topic takes. */
export const isTooLarge = (error: unknown): boolean => {
  for (let at = error; at instanceof Error; at = at.cause) if (TOO_LARGE.has(String((at as { type?: unknown }).type))) return true; // kafkajs names the protocol's errors so
  return false;
};

const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

export class Refusals {
  private readonly suspects = new Map<number, Suspect>();

  /** Those of the shards that the next send may have: one that is suspected goes alone, one that is held waits. */
  admitted(shards: readonly number[], nowMs: number): readonly number[] {
    const suspect = shards.find((shard) => this.suspects.has(shard) && !this.isWaiting(shard, nowMs));
    return suspect === undefined ? shards.filter((shard) => !this.suspects.has(shard)) : [suspect];
  }

  /** Records of a shard that a send may have at the most. */
  mostOf(shard: number, usual: number): number {
    return Math.min(usual, this.suspects.get(shard)?.most ?? usual);
  }

  /** A send of this was refused. Answers the shard that is held now, where one record is to blame. */
  refused(sends: readonly Sent[], nowMs: number): number | undefined {
    const [first, ...others] = sends;
    if (first && others.length === 0 && first.records.length === 1) {
      const failures = this.suspects.get(first.shard)?.failures ?? 0;
      this.suspects.set(first.shard, { upTo: first.last, most: 1, failures: failures + 1, heldUntilMs: nowMs + waitAfter(failures, HELD_MS) });
      return first.shard;
    }
    for (const { shard, records, last } of sends) {
      const most = others.length === 0 ? Math.ceil(records.length / 2) : records.length; // where there were several, most are innocent
      this.suspects.set(shard, { upTo: last, most, failures: 0, heldUntilMs: 0 });
    }
    return undefined;
  }

  took({ shard, last }: Sent): void {
    if (last >= (this.suspects.get(shard)?.upTo ?? 0)) this.suspects.delete(shard);
  }

  forget(shard: number): void {
    this.suspects.delete(shard);
  }

  /** Whether the next record of a shard is refused. */
  holds(shard: number): boolean {
    return (this.suspects.get(shard)?.failures ?? 0) > 0;
  }

  private isWaiting(shard: number, nowMs: number): boolean {
    return (this.suspects.get(shard)?.heldUntilMs ?? 0) > nowMs;
  }
}
