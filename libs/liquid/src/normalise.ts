/** A template that Studio's engine would refuse before it is parsed. */
export class TemplateFault extends Error {}

const TAG = /\{\{|\{%/g;
const RAW = /^\{%-?\s*raw\s*-?%\}/;
const END_RAW = /\{%-?\s*endraw\s*-?%\}/g;
// Studio's engine allows white space, also line breaks, around the dots of a path; liquidjs only after them.
const SPACED_DOT = /(?<=[\w\]-])\s*\.\s*(?=[A-Za-z_])/g;
// A literal with a point makes a division a real one; as a number 2.0 would be 2.
const REAL_DIVISOR = /(divided_by\s*:\s*)(-?\d+\.\d+)/g;

/** Rewrites what liquidjs reads differently, inside tags and outside quotes and raw blocks. Throws TemplateFault. */
export const normalised = (source: string): string => {
  let out = '';
  let at = 0;
  for (;;) {
    TAG.lastIndex = at;
    const open = TAG.exec(source);
    if (!open) return out + source.slice(at);
    const end = endOf(source, open.index);
    out += source.slice(at, open.index) + tag(source.slice(open.index, end));
    at = end;
  }
};

const endOf = (source: string, start: number): number => {
  const raw = RAW.exec(source.slice(start, start + 40));
  if (raw) {
    END_RAW.lastIndex = start;
    const close = END_RAW.exec(source);
    return close ? close.index + close[0].length : source.length;
  }
  const closing = source[start + 1] === '{' ? '}}' : '%}';
  let quote = '';
  for (let i = start + 2; i < source.length; i++) {
    const c = source[i] as string;
    if (quote) quote = c === quote ? '' : quote;
    else if (c === '"' || c === "'") quote = c;
    else if (c === closing[0] && source[i + 1] === closing[1]) return i + 2;
  }
  return source.length; // not closed: liquidjs says so
};

const tag = (text: string): string => {
  if (RAW.test(text)) return text;
  const parts = text.split(/("[^"]*"|'[^']*')/);
  return parts.map((part, i) => (i % 2 === 1 ? part : code(part))).join('');
};

const code = (part: string): string => {
  // A name outside ASCII is an evaluation error in Studio, where liquidjs would print nothing.
  for (let i = 0; i < part.length; i++)
    if (part.charCodeAt(i) > 0x7f) throw new TemplateFault(`variable names are ASCII letters, digits, _ and -, found ${JSON.stringify(part.slice(i, i + 8))}`);
  return part.replace(SPACED_DOT, '.').replace(REAL_DIVISOR, '$1"$2"');
};
