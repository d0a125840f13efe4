import { systemClock } from '@atelier/platform';
import type { RawBatch, RawRecord } from './consumer-life';
import { ReadTime } from './read-time';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 31, 12);
const clock = { ...systemClock, nowMs: () => NOW_MS };

const record = (offset: number, hoursAgo: number, more: Partial<RawRecord> = {}): RawRecord => ({
  partition: 0, offset: String(offset), key: null, value: null, headers: {}, at: NOW_MS - hoursAgo * HOUR_MS, isBrokersTime: true, ...more,
});
const batchOf = (records: readonly RawRecord[], unread = 0): RawBatch => ({
  partition: 0, records, unread, heartbeat: async () => undefined, isStale: () => false, read: () => undefined, commit: async () => undefined,
});

const scene = (storedMs = 0) => {
  const stored = { asked: 0, at: storedMs };
  const times = {
    rememberedMs: 24 * HOUR_MS,
    of: async () => (stored.asked++, stored.at),
    passed: async (_: number, atMs: number) => void (stored.at = Math.max(stored.at, atMs)),
  };
  return { stored, readTime: new ReadTime(times, clock) };
};
const offsets = (records: readonly RawRecord[]): string[] => records.map(({ offset }) => offset);

describe('what was read of a topic of others', () => {
  it('is passed over when it comes again after its keys were forgotten', async () => {
    const { readTime } = scene(NOW_MS - 30 * HOUR_MS);
    expect(offsets(await readTime.fresh([record(0, 40), record(1, 31), record(2, 30), record(3, 25), record(4, 1)], 0))).toEqual(['2', '3', '4']);
  });

  it('is handed over again while its keys are remembered', async () => {
    const { readTime, stored } = scene(NOW_MS);
    expect(await readTime.fresh([record(0, 23), record(1, 1)], 0)).toHaveLength(2);
    expect(stored.asked).toBe(0); // the usual case costs no look at the store
  });

  it('is not what waited for days without a reader', async () => {
    expect(await scene(0).readTime.fresh([record(0, 100), record(1, 50)], 0)).toHaveLength(2);
  });

  it('is not known by a time that the writer made up', async () => {
    const { readTime, stored } = scene(NOW_MS);
    const written = record(0, 100, { isBrokersTime: false });
    expect(await readTime.fresh([written], 0)).toHaveLength(1);
    stored.at = 0;
    await readTime.passed(written, batchOf([written]));
    expect(stored.at).toBe(0);
  });

  it('reaches to the next record, so that others of the same write are not taken for handled', async () => {
    const { readTime, stored } = scene();
    const [a, b, c] = [record(0, 50), record(1, 50), record(2, 49)];
    await readTime.passed(a, batchOf([a, b, c]));
    expect(await readTime.fresh([b], 0)).toEqual([b]);
    await readTime.passed(b, batchOf([a, b, c]));
    expect(stored.at).toBe(c.at);
    expect(await readTime.fresh([a, b, c], 0)).toEqual([c]);
    await readTime.passed(c, batchOf([a, b, c], 5));
    expect(await readTime.fresh([c], 0)).toEqual([c]);
    await readTime.passed(c, batchOf([a, b, c]));
    expect(await readTime.fresh([a, b, c], 0)).toEqual([]);
  });

  it('is never in the future, whatever the clock of a broker says', async () => {
    const { readTime, stored } = scene();
    const ahead = record(0, -1_000);
    await readTime.passed(ahead, batchOf([ahead]));
    expect(stored.at).toBe(NOW_MS);
  });
});
