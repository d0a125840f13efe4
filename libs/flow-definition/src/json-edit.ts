import { type Path, pointerOf } from './problem';

/** A change of one value in a JSON text: its new text, or undefined where the member goes altogether. */
export type Edit = { readonly path: Path; readonly json: string | undefined };

/**
 * Changes single values of a JSON text and leaves every other character as it is: key order, number spelling and layout survive, which a
 * round trip through JSON.parse does not promise. The text must be valid JSON. Only members of objects can be removed.
 */
export const editJson = (text: string, edits: readonly Edit[]): string => {
  if (edits.length === 0) return text;
  const byPath = new Map(edits.map(({ path, json }) => [pointerOf(path), json]));
  const cuts: Cut[] = [];
  scanValue({ text, at: 0 }, [], (path, value, member) => {
    const key = pointerOf(path);
    const json = byPath.get(key);
    if (byPath.has(key)) cuts.push(json === undefined ? { ...member, json: '' } : { ...value, json });
    return byPath.has(key) && json === undefined;
  });
  return splice(text, cuts);
};

type Cut = { readonly from: number; readonly to: number; readonly json: string };
type Span = { readonly from: number; readonly to: number };
/** Called for each value, children first; says whether the member goes. `member` spans the key, the value and one comma. */
type Visit = (path: Path, value: Span, member: Span) => boolean;
type Cursor = { readonly text: string; at: number };

const splice = (text: string, cuts: readonly Cut[]): string => {
  const ordered = [...cuts].sort((a, b) => a.from - b.from);
  let out = '';
  let at = 0;
  for (const { from, to, json } of ordered) {
    out += text.slice(at, Math.max(at, from)) + json;
    at = Math.max(at, to);
  }
  return out + text.slice(at);
};

const skip = (cursor: Cursor, pattern: RegExp): void => {
  pattern.lastIndex = cursor.at;
  cursor.at += pattern.exec(cursor.text)?.[0].length ?? 0;
};
const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const ATOM = /[^,\]}\s]+/y;

const scanValue = (cursor: Cursor, path: Path, visit: Visit): void => {
  skip(cursor, SPACE);
  const open = cursor.text[cursor.at];
  if (open === '{' || open === '[') scanItems(cursor, path, visit, open === '{');
  else skip(cursor, open === '"' ? STRING : ATOM);
};

/** The members of an object or the items of an array. */
const scanItems = (cursor: Cursor, path: Path, visit: Visit, isObject: boolean): void => {
  cursor.at++;
  let comma: number | undefined; // the one before this item, once an item was kept
  let kept = false;
  for (let i = 0; ; i++) {
    skip(cursor, SPACE);
    if (cursor.text[cursor.at] === '}' || cursor.text[cursor.at] === ']') break;
    const start = cursor.at;
    const key = isObject ? scanKey(cursor) : i;
    skip(cursor, SPACE);
    const from = cursor.at;
    scanValue(cursor, [...path, key], visit);
    const to = cursor.at;
    skip(cursor, SPACE);
    const more = cursor.text[cursor.at] === ',';
    const goes = visit([...path, key], { from, to }, memberSpan(cursor.text, start, to, comma, more ? cursor.at : undefined));
    kept ||= !goes;
    if (!more) break;
    if (kept) comma = cursor.at;
    cursor.at++;
  }
  skip(cursor, SPACE);
  cursor.at++;
};

/** What stands behind a kept member goes with the comma before it, everything else with the comma after it. */
const memberSpan = (text: string, start: number, to: number, before: number | undefined, after: number | undefined): Span => {
  if (before !== undefined) return { from: before, to };
  if (after === undefined) return { from: start, to };
  SPACE.lastIndex = after + 1;
  return { from: start, to: after + 1 + (SPACE.exec(text)?.[0].length ?? 0) };
};

const scanKey = (cursor: Cursor): string => {
  const start = cursor.at;
  skip(cursor, STRING);
  const key: unknown = JSON.parse(cursor.text.slice(start, cursor.at));
  skip(cursor, SPACE);
  cursor.at++; // the colon
  return String(key);
};
