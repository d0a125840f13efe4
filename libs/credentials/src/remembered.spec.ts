import { createMemoryEventStore } from '@atelier/event-store';
import { operatorMeta } from '@atelier/contracts';
import { Pace } from './pace';
import { Remembered } from './remembered';

const meta = operatorMeta(`AC${'a'.repeat(32)}`, 'us1');

/** A store, a clock that the test moves, and a table of one value that counts how often it was read. */
const setUp = () => {
  const store = createMemoryEventStore();
  const time = { ms: 0, monotonicMs: () => time.ms };
  const table: { value: { n: number } | undefined; reads: number } = { value: { n: 1 }, reads: 0 };
  const read = async () => {
    table.reads++;
    return table.value;
  };
  const append = (stream: string) => store.append([{ stream, expectedVersion: 0, events: [{ type: 'X', data: {} }], meta }]);
  return { store, time, table, append, known: new Remembered(store, time, read) };
};

describe('what is remembered', () => {
  it('is read once, however many ask at once', async () => {
    const { known, table } = setUp();
    expect(await Promise.all(Array.from({ length: 50 }, () => known.get('a')))).toEqual(Array(50).fill({ n: 1 }));
    expect(table.reads).toBe(1);
  });

  it('is read again as soon as something is appended', async () => {
    const { known, table, append } = setUp();
    await known.get('a');
    table.value = undefined;
    await append('s');
    expect(await known.get('a')).toBeUndefined();
  });

  // A key that is deleted while it is being looked up must not come back to life.
  it('is not what was being read while something was appended', async () => {
    const { store, time, append } = setUp();
    let finish: (value: { n: number }) => void = () => undefined;
    const answers = [new Promise<{ n: number }>((resolve) => (finish = resolve)), Promise.resolve(undefined)];
    const known = new Remembered(store, time, () => answers.shift() ?? Promise.resolve(undefined));
    const early = known.get('a');
    await append('s');
    finish({ n: 1 });
    expect(await early).toEqual({ n: 1 });
    expect(await known.get('a')).toBeUndefined();
  });

  it('lives five seconds where nothing is heard', async () => {
    const { known, table, time } = setUp();
    await known.get('a');
    table.value = undefined;
    time.ms = 4_999;
    expect(await known.get('a')).toEqual({ n: 1 });
    time.ms = 5_000;
    expect(await known.get('a')).toBeUndefined();
  });

  it('is never that something was missing, nor that it could not be read', async () => {
    const { known, table, store, time } = setUp();
    table.value = undefined;
    expect(await known.get('a')).toBeUndefined();
    table.value = { n: 2 };
    expect(await known.get('a')).toEqual({ n: 2 });
    const answers = [Promise.reject(new Error('away')), Promise.resolve({ n: 3 })];
    const failing = new Remembered(store, time, () => answers.shift() ?? Promise.resolve(undefined));
    await expect(failing.get('a')).rejects.toThrow('away');
    expect(await failing.get('a')).toEqual({ n: 3 });
  });
});

describe('the pace', () => {
  it('lets three through at once, then one a second, each key by itself, and refuses none', async () => {
    const time = { ms: 0, monotonicMs: () => time.ms };
    const waits: number[] = [];
    const pace = new Pace(time, async (ms) => void waits.push(ms));
    for (let i = 0; i < 5; i++) await pace.take('a');
    await pace.take('b');
    expect(waits).toEqual([1_000, 2_000]);
    time.ms = 60_000;
    await pace.take('a');
    expect(waits).toHaveLength(2);
  });
});
