import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..');
const NUMBERS = Array.from({ length: 12 }, (_, i) => `A${i + 1}`);
const SHOWN = /`([^`]+\.ts)`: \*(.+?)\*(?=<br>|$)/g; // file and name, as they stand in a cell

type Row = { readonly number: string; readonly embedded: string; readonly kafka: string };

const rows = readFileSync(join(ROOT, 'docs', 'reference', 'invariants.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| A\d+ \|/.test(line))
  .map((line): Row => {
    const [number = '', , embedded = '', kafka = ''] = line.slice(2, -2).split(' | ');
    return { number, embedded, kafka };
  });
const shownIn = (cell: string): readonly (readonly [string, string])[] => [...cell.matchAll(SHOWN)].map(([, file = '', name = '']) => [file, name] as const);

describe('the table of invariants', () => {
  it('has a row for each, in order', () => expect(rows.map(({ number }) => number)).toEqual(NUMBERS));

  it.each(NUMBERS)('names tests of %s in one process and on Kafka', (number) => {
    const row = rows.find((each) => each.number === number);
    expect([shownIn(row?.embedded ?? '').length > 0, shownIn(row?.kafka ?? '').length > 0]).toEqual([true, true]);
  });

  it('names tests that there are', () => {
    const missing = rows.flatMap(({ number, embedded, kafka }) => [...shownIn(embedded), ...shownIn(kafka)].map((shown) => [number, ...shown] as const)).filter(([, file, name]) => !isTest(file, name));
    expect(missing).toEqual([]);
  });
});

/** Whether a test of this name is declared in the file, as text between quotes right behind `it(` or the table of `it.each`. */
const isTest = (file: string, name: string): boolean => {
  const path = join(ROOT, file);
  return existsSync(path) && new RegExp(`\\(\\s*(['"\`])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\1,`).test(readFileSync(path, 'utf8'));
};
