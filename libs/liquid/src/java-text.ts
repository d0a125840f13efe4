import type { Json } from '@atelier/contracts';
import { Drop } from 'liquidjs';

/** A value of ours that is text wherever text is wanted. */
export abstract class Printer {
  abstract print(): string;

  toJSON(): string {
    return this.print();
  }
}

// `String.valueOf` of the JVM: maps and lists in its notation, nothing as `null` (`spec/liquid.md` 6).
const javaText = (value: unknown): string => {
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(javaText).join(', ')}]`;
  if (value instanceof Printer) return value.print();
  return value instanceof Drop ? '' : mapText(value);
};

const mapText = (map: object): string =>
  `{${Object.entries(map)
    .map(([key, value]) => `${key}=${javaText(value)}`)
    .join(', ')}}`;

/** How a value prints in a message: nothing for nil, the elements of a list one after the other, maps in Java's notation. */
export const printed = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.map(javaText).join('') : javaText(value);
};

/** What a filter that works on text makes of a value: as it prints, but for nil elements, which it leaves out. */
export const asText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(asText).join('') : printed(value);
};

/** JSON text of a value; a missing one is `null`, because it mostly stands inside a JSON text. */
export const jsonText = (value: unknown): string => JSON.stringify(value ?? null) ?? 'null';

/** What the context can store of a template's value; undefined where there is nothing. */
export const jsonValue = (value: unknown): Json | undefined => {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Printer || value instanceof Drop) return printed(value);
  return value as Json | undefined; // contexts hold JSON only, and no filter makes anything else
};
