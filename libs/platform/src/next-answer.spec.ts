import { NextAnswer } from './next-answer';

/** Answers that the test gives, one for each question. */
const setUp = () => {
  const given: ((value: string) => void)[] = [];
  const next = new NextAnswer(() => new Promise<string>((resolve) => given.push(resolve)));
  return { given, next };
};
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an answer that must know what was stored before it was asked for', () => {
  it('is shared by those who come while another is under way, and begins after that one', async () => {
    const { given, next } = setUp();
    const first = next.get('a');
    const late = [next.get('a'), next.get('a')];
    expect(given).toHaveLength(1);
    given[0]?.('old');
    await settled();
    expect(given).toHaveLength(2);
    given[1]?.('new');
    expect([await first, ...(await Promise.all(late))]).toEqual(['old', 'new', 'new']);
  });

  it('is asked for anew by everybody who comes later, each key by itself', async () => {
    const { given, next } = setUp();
    const answers = [next.get('a'), next.get('b')];
    given[0]?.('1');
    given[1]?.('2');
    expect(await Promise.all(answers)).toEqual(['1', '2']);
    await settled();
    const again = next.get('a');
    given[2]?.('3');
    expect(await again).toBe('3');
  });

  it('begins also after one that failed', async () => {
    let asked = 0;
    const next = new NextAnswer(async () => {
      if (++asked === 1) throw new Error('away');
      return asked;
    });
    const [first, second] = [next.get('a'), next.get('a')];
    await expect(first).rejects.toThrow('away');
    expect(await second).toBe(2);
  });
});
