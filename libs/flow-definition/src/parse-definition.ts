import { Rejection, utf8Bytes } from '@atelier/contracts';

/** How large and how deep a definition may be. Real ones stay below 300 kB and 8 levels. */
export type ParseOptions = { readonly definitionBytesMax?: number; readonly depthMax?: number };
const DEFAULTS = { definitionBytesMax: 1_048_576, depthMax: 64 } as const;

/** A definition's text, kept as it came, and what it says. */
export type ParsedDefinition = { readonly text: string; readonly value: unknown };

/**
 * Reads a definition. Not JSON, too large or too deep: Rejection InvalidParameter. Unspecified by Twilio: of a key that occurs twice the last
 * one counts, as in most JSON parsers.
 */
export const parseDefinition = (text: string, options: ParseOptions = {}): ParsedDefinition => {
  const { definitionBytesMax, depthMax } = { ...DEFAULTS, ...options };
  if (text.length > definitionBytesMax || utf8Bytes(text) > definitionBytesMax) throw refused(`is larger than ${definitionBytesMax} bytes`);
  if (depthOf(text) > depthMax) throw refused(`is nested deeper than ${depthMax} levels`);
  try {
    return { text, value: JSON.parse(text) };
  } catch (error) {
    throw refused(`is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const refused = (why: string): Rejection => new Rejection('InvalidParameter', { message: `Invalid parameter: Definition ${why}` });

/** Brackets open at once, outside strings. Counted before parsing, so that nothing deep is ever built. */
const depthOf = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) i = endOfString(text, i);
    else if (c === 0x7b || c === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (c === 0x7d || c === 0x5d) depth--;
  }
  return deepest;
};

const QUOTE = 0x22;

/** The index of the quote that closes the string opened at `start`. */
const endOfString = (text: string, start: number): number => {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5c) i++;
    else if (c === QUOTE) return i;
  }
  return text.length;
};
