import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(__dirname, '..', '..', '..', '..', 'docs', 'kafka.md');

/** The rows of a table of docs/kafka.md, without its head. Backticks are left out. */
export const tableOf = (heading: string): readonly (readonly string[])[] => {
  const section = readFileSync(PAGE, 'utf8').split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(1).map((row) => row.slice(2, -2).split(/(?<!\\) ?\| /).map((cell) => cell.replace(/`/g, '').replace(/\\\|/g, '|').trim()));
};
