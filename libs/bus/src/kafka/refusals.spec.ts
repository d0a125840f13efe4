import { Refusals, isTooLarge } from './refusals';

/** Sends what a publisher would until nothing more is admitted: the positions that were taken, and the number of refusals. */
const sendAll = (refusals: Refusals, shards: Map<number, number[]>, isLarge: (pos: number) => boolean, nowMs = 0) => {
  const taken: number[] = [];
  for (let refused = 0; ; ) {
    const admitted = refusals.admitted([...shards.keys()].filter((shard) => shards.get(shard)?.length), nowMs);
    if (admitted.length === 0) return { taken, refused };
    const sends = admitted.map((shard) => {
      const records = (shards.get(shard) ?? []).slice(0, refusals.mostOf(shard, 100));
      return { shard, records, last: records.at(-1) ?? 0 };
    });
    if (sends.some(({ records }) => records.some(isLarge))) {
      refusals.refused(sends, nowMs);
      refused++;
    } else {
      for (const send of sends) {
        refusals.took(send);
        taken.push(...(shards.get(send.shard) ?? []).splice(0, send.records.length));
      }
    }
  }
};
const positions = (from: number, n: number): number[] => Array.from({ length: n }, (_, i) => from + i);

describe('what a broker refuses for its size', () => {
  it('holds the shard of the one record that is to blame; everything before it and everything of others is sent', () => {
    const refusals = new Refusals();
    const shards = new Map([[0, positions(1, 100)], [1, positions(1_001, 100)], [2, positions(2_001, 100)]]);
    const { taken, refused } = sendAll(refusals, shards, (pos) => pos === 1_042);
    expect(shards.get(1)?.[0]).toBe(1_042);
    expect(taken).toHaveLength(241);
    expect(refused).toBeLessThanOrEqual(12);
    expect([0, 1, 2].map((shard) => refusals.holds(shard))).toEqual([false, true, false]);
    shards.get(0)?.push(101);
    expect(sendAll(refusals, shards, (pos) => pos === 1_042).taken).toEqual([101]);
  });

  it('is tried again, later each time, and goes on once it is taken', () => {
    const refusals = new Refusals();
    const shards = new Map([[0, positions(1, 3)]]);
    const isLarge = (pos: number): boolean => pos === 1;
    expect(sendAll(refusals, shards, isLarge)).toMatchObject({ taken: [] });
    expect(sendAll(refusals, shards, isLarge, 999)).toEqual({ taken: [], refused: 0 });
    expect(sendAll(refusals, shards, isLarge, 1_001)).toEqual({ taken: [], refused: 1 });
    expect(sendAll(refusals, shards, () => false, 2_000)).toEqual({ taken: [], refused: 0 });
    expect(sendAll(refusals, shards, () => false, 3_002)).toEqual({ taken: [1, 2, 3], refused: 0 });
    expect(refusals.holds(0)).toBe(false);
  });

  it('is known by the error of the protocol, however deep it lies', () => {
    const protocol = Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' });
    expect(isTooLarge(new Error('retries', { cause: new Error('send', { cause: protocol }) }))).toBe(true);
    expect(isTooLarge(new Error('away'))).toBe(false);
  });
});
