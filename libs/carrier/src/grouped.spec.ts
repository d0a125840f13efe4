import { Grouped } from './grouped';

/** A store that writes when it is told to. */
const store = () => {
  const groups: { items: readonly number[]; end: (error?: Error) => void }[] = [];
  const flush = (items: readonly number[]) => new Promise<void>((resolve, reject) => groups.push({ items, end: (error) => (error ? reject(error) : resolve()) }));
  return { groups, flush };
};
const turns = () => new Promise(setImmediate); // all that is ready runs before it

describe('grouped commits', () => {
  it('one at a time: what comes meanwhile forms the next, in its order', async () => {
    const { groups, flush } = store();
    const grouped = new Grouped(flush, 100);
    const added = [1, 2].map((n) => grouped.add(n));
    await turns();
    added.push(...[3, 4, 5].map((n) => grouped.add(n)));
    await turns();
    expect(groups.map(({ items }) => items)).toEqual([[1, 2]]);
    groups[0]?.end();
    await turns();
    expect(groups.map(({ items }) => items)).toEqual([[1, 2], [3, 4, 5]]);
    groups[1]?.end();
    await Promise.all(added);
  });
  it('none larger than allowed', async () => {
    const { groups, flush } = store();
    const grouped = new Grouped(flush, 2);
    const added = [1, 2, 3].map((n) => grouped.add(n));
    await turns();
    groups[0]?.end();
    await turns();
    groups[1]?.end();
    await Promise.all(added);
    expect(groups.map(({ items }) => items)).toEqual([[1, 2], [3]]);
  });
  it('nobody is told before his group is stored, and only a failed group hears of the failure', async () => {
    const { groups, flush } = store();
    const grouped = new Grouped(flush, 2);
    const settled: unknown[] = [];
    for (const n of [1, 2, 3]) grouped.add(n).then(() => settled.push(n), (error: Error) => settled.push(`${n} ${error.message}`));
    await turns();
    expect(settled).toEqual([]);
    groups[0]?.end(new Error('away'));
    await turns();
    expect(settled).toEqual(['1 away', '2 away']);
    groups[1]?.end();
    await turns();
    expect(settled).toEqual(['1 away', '2 away', 3]);
    void grouped.add(4);
    await turns();
    expect(groups.at(-1)?.items).toEqual([4]);
  });
});
