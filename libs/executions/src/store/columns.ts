/**
 * Rows travel to PostgreSQL as columns: one parameter for all values of a column. Identifiers and numbers are array literals; JSON texts are joined
 * by a separator, because escaping each for an array literal costs more on both sides than storing it. JSON text holds no control characters.
 */
const SEPARATOR = '\x1e';

/** Values that need no quoting: numbers, identifiers without prefix, times. Null for undefined. */
export const column = (values: readonly (string | number | undefined)[]): string => {
  let text = '{';
  for (let i = 0; i < values.length; i++) text += i === 0 ? (values[i] ?? 'null') : `,${values[i] ?? 'null'}`;
  return `${text}}`;
};

/** JSON texts (or the inside of JSON strings), none of them empty; read by `texts(n)`. */
export const textColumn = (values: readonly string[]): string => values.join(SEPARATOR);

/** The SQL that reads a text column from parameter n. */
export const texts = (n: number): string => `string_to_array($${n}::text, E'\\x1e')`;

/** A client's text as the inside of a JSON string: holds what a text column refuses, and is never empty. */
export const escaped = (text: string): string => (text === '' ? EMPTY : JSON.stringify(text).slice(1, -1));
export const unescaped = (stored: string): string => (stored === EMPTY ? '' : (JSON.parse(`"${stored}"`) as string)); // written by `escaped`
const EMPTY = '\\'; // no JSON string is a lone backslash inside

/** The 32 digits of an identifier, as uuid columns take them. */
export const digits = (sid: string): string => sid.slice(2);
