import { Remembered } from './remembered';

const knownBy = (remembered: Remembered<{ n: number }>, ask: () => Promise<{ n: number } | undefined>) => ({
  get: (key: string) => remembered.get(key, ask),
  forget: (key: string) => remembered.forget(key),
  clear: () => remembered.clear(),
});

/** A source that tells of changes, a clock that the test moves, and a table of one value that counts how often it was read. */
const setUp = () => {
  const listeners: (() => void)[] = [];
  const source = { onAppend: (forget: () => void) => listeners.push(forget) };
  const time = { ms: 0, monotonicMs: () => time.ms };
  const table: { value: { n: number } | undefined; reads: number } = { value: { n: 1 }, reads: 0 };
  const read = async () => {
    table.reads++;
    return table.value;
  };
  const change = (): void => listeners.forEach((each) => each());
  return { source, time, table, change, known: knownBy(new Remembered<{ n: number }>(source, time), read) };
};

describe('what is remembered', () => {
  it('is read once, however many ask at once', async () => {
    const { known, table } = setUp();
    expect(await Promise.all(Array.from({ length: 50 }, () => known.get('a')))).toEqual(Array(50).fill({ n: 1 }));
    expect(table.reads).toBe(1);
  });

  it('is read again as soon as something changes', async () => {
    const { known, table, change } = setUp();
    await known.get('a');
    table.value = undefined;
    change();
    expect(await known.get('a')).toBeUndefined();
  });

  // A key that is deleted while it is being looked up must not come back to life.
  it('is not what was being read while something changed', async () => {
    const { source, time, change } = setUp();
    let finish: (value: { n: number }) => void = () => undefined;
    const answers = [new Promise<{ n: number }>((resolve) => (finish = resolve)), Promise.resolve(undefined)];
    const known = knownBy(new Remembered<{ n: number }>(source, time), () => answers.shift() ?? Promise.resolve(undefined));
    const early = known.get('a');
    change();
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

  it('is forgotten one by one, or at once', async () => {
    const { known, table } = setUp();
    for (const drop of [() => known.forget('a'), () => known.clear()]) {
      await known.get('a');
      await known.get('b');
      drop();
      await known.get('a');
      await known.get('b');
    }
    expect(table.reads).toBe(2 + 1 + 2);
  });

  it('is never that something was missing, nor that it could not be read', async () => {
    const { known, table, source, time } = setUp();
    table.value = undefined;
    expect(await known.get('a')).toBeUndefined();
    table.value = { n: 2 };
    expect(await known.get('a')).toEqual({ n: 2 });
    const answers = [Promise.reject(new Error('away')), Promise.resolve({ n: 3 })];
    const failing = knownBy(new Remembered<{ n: number }>(source, time), () => answers.shift() ?? Promise.resolve(undefined));
    await expect(failing.get('a')).rejects.toThrow('away');
    expect(await failing.get('a')).toEqual({ n: 3 });
  });
});
