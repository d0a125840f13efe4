import { inRotation, slicesOf } from './rotation';

describe('items of several, in rotation', () => {
  const first = (item: string): string => item[0] ?? '';

  it('take turns, each one’s in their order', () =>
    expect(inRotation(slicesOf(['a1', 'a2', 'a3', 'b1', 'c1', 'c2'], first))).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']));

  it('are all there, and none twice, where there are none, one, or many of one', () => {
    expect(inRotation([])).toEqual([]);
    expect(inRotation([[], ['a1']])).toEqual(['a1']);
    const many = Array.from({ length: 50_000 }, (_, n) => `a${n}`);
    const others = Array.from({ length: 50_000 }, (_, n) => `${String.fromCodePoint(0x4e00 + (n % 20_000))}${n}`);
    const turned = inRotation(slicesOf([...many, ...others], first)); // pairs of loops over both would take minutes
    expect([turned.length, new Set(turned).size]).toEqual([100_000, 100_000]);
    expect(turned.indexOf('a1')).toBe(20_001);
  });
});
