import { Pace } from './pace';

describe('what is asked for in a loop', () => {
  let nowMs = 0;
  let waits: number[] = [];
  let pace: Pace;
  beforeEach(() => {
    nowMs = 0;
    waits = [];
    pace = new Pace({ monotonicMs: () => nowMs }, async (ms) => {
      waits.push(ms);
      nowMs += ms;
    });
  });
  const take = async (key: string, times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await pace.take(key);
  };

  it('is done three times at once, then once a second: late, never refused', async () => {
    await take('a', 6);
    expect(waits).toEqual([1_000, 1_000, 1_000]);
  });

  it('waits no longer than a second however long the loop is, where one waits for the other', async () => {
    await take('a', 1_000);
    expect(Math.max(...waits)).toBe(1_000);
  });

  it('may be done at once again after a rest, and does not slow others down', async () => {
    await take('a', 4);
    await take('b', 3);
    nowMs += 3_000;
    await take('a', 3);
    expect(waits).toEqual([1_000]);
  });

  it('waits longer the more are waiting, each key by itself', async () => {
    const time = { ms: 0, monotonicMs: () => time.ms };
    const waits: number[] = [];
    const paced = new Pace(time, async (ms) => void waits.push(ms));
    for (let i = 0; i < 5; i++) await paced.take('a');
    await paced.take('b');
    expect(waits).toEqual([1_000, 2_000]);
    time.ms = 60_000;
    await paced.take('a');
    expect(waits).toHaveLength(2);
  });
});
