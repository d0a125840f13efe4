/** What a publisher has sent to the partitions of a topic lately, to see what a broker has lost of it: a log that ends before what was acknowledged. */
type Sent = { readonly base: bigint; readonly before: ReadonlyMap<number, number> };

const SENDS_MAX = 1_000; // per partition; what was lost before that is found by the consumers that miss it

export class SentHistory {
  private readonly ends = new Map<number, bigint>();
  private readonly sends = new Map<number, Sent[]>();

  /** Records were acknowledged behind `base`; `before` has the position of each shard in front of them. Answers as `found` does. */
  sent(partition: number, base: bigint, count: number, before: ReadonlyMap<number, number>): ReadonlyMap<number, number> | undefined {
    const lost = this.found(partition, base);
    const sends = this.sends.get(partition) ?? [];
    sends.push({ base, before });
    if (sends.length > SENDS_MAX) sends.shift();
    this.sends.set(partition, sends);
    this.ends.set(partition, base + BigInt(count));
    return lost;
  }

  /** The partition ends here. Undefined where nothing was lost; else where each shard stood in front of the first lost record; none: lost from the start. */
  found(partition: number, end: bigint): ReadonlyMap<number, number> | undefined {
    const known = this.ends.get(partition);
    this.ends.set(partition, end);
    if (known === undefined || end >= known) return undefined;
    const sends = this.sends.get(partition) ?? [];
    const kept = sends.filter(({ base }) => base < end); // the last of these may have lost its own tail
    const lost = sends.filter(({ base }) => base >= end);
    this.sends.set(partition, kept);
    const before = new Map<number, number>();
    for (const send of [...kept.slice(-1), ...lost]) for (const [shard, pos] of send.before) before.set(shard, Math.min(pos, before.get(shard) ?? pos));
    return end === 0n ? new Map() : before;
  }
}
