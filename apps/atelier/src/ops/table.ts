const REASON_MAX = 100; // characters of a cell; `show` has them all

type Row = Readonly<Record<string, unknown>>;

/** One line, whatever a client has sent: a terminal must not obey what stands in a cell. */
export const plain = (value: unknown): string => {
  const text = value === null || value === undefined ? '-' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
};
const cell = (value: unknown): string => {
  const text = plain(value);
  return text.length > REASON_MAX ? `${text.slice(0, REASON_MAX - 1)}…` : text;
};

/** Columns as wide as their widest cell. */
export const table = (columns: readonly (readonly [title: string, field: string])[], rows: readonly Row[]): string => {
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, field]) => cell(row[field])))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines.map((line) => line.map((text, i) => (i === line.length - 1 ? text : text.padEnd(widths[i] ?? 0))).join('  ')).join('\n');
};

/** A field a line. */
export const sheet = (row: Row): string => {
  const width = Math.max(...Object.keys(row).map((name) => name.length));
  return Object.entries(row).map(([name, value]) => `${name.padEnd(width)}  ${plain(value)}`).join('\n');
};
