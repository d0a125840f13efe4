import type { Json } from '@atelier/contracts';

// Maps and lists inside maps print as Java prints them, null as `null` (`spec/liquid.md` 6).
const nested = (value: unknown): string => {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `[${value.map(nested).join(', ')}]`;
  if (typeof value === 'object') return mapText(value);
  return String(value);
};

const mapText = (map: object): string =>
  `{${Object.entries(map)
    .map(([key, value]) => `${key}=${nested(value)}`)
    .join(', ')}}`;

/** How a value prints in a message: nothing for nil, list elements one after the other, maps in Java's notation. */
export const javaText = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(javaText).join('');
  if (typeof value === 'object') return isPrinter(value) ? value.print() : mapText(value);
  return String(value);
};

/** Values of ours that know how they print. */
export interface Printer {
  print(): string;
}
const isPrinter = (value: object): value is Printer => 'print' in value && typeof value.print === 'function';

/** JSON text of a value; a missing one is `null`, because it mostly stands inside a JSON text. */
export const jsonText = (value: unknown): string => JSON.stringify(value ?? null) ?? 'null';

/** What JSON can carry of a value; functions and the like become undefined. */
export const jsonValue = (value: unknown): Json | undefined =>
  value === undefined || typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint' ? undefined : (value as Json); // what is left is JSON: contexts hold nothing else
