/** A template that Studio's engine would refuse before it is parsed. */
export class TemplateFault extends Error {}

const OPENING = /\{\{|\{%/g;
// What these hold is no code.
const VERBATIM = /\{%-?\s*(raw|comment)\s*-?%\}/y;
const COMMENT = /^(\{%-?\s*comment\s*-?%\}).*(\{%-?\s*endcomment\s*-?%\})$/s;
const QUOTED = /("[^"]*"|'[^']*')/;
// Studio's engine allows white space, also line breaks, around the dots of a path and before its brackets; liquidjs only after the dots.
const SPACED_DOT = /(?<=[\w\]-])\s*\.\s*(?=[A-Za-z_])/g;
const SPACED_BRACKET = /(?<=[\w\]-])(?<!(?:^|[^\w.-])(?:and|or|in|contains|if|elsif|unless|case|when|cycle))\s+\[/g;
// What liquidjs reads past: a path that ends with its dot, and a pipe without a filter.
const LOOSE_END = /(?<=[A-Za-z_\]])\.(?![\w.-])|\|\s*-?[%}]\}$/;
// As a number 2.0 would be 2, so a literal with a point that takes part in a division stays text, which divides as a real number.
const REAL_DIVISOR = /(divided_by\s*:\s*)(-?\d+\.\d+)/g;
const REAL_DIVIDEND = /(?<![\w.])(-?\d+\.\d+)(?=\s*\|\s*divided_by)/g;

/** Rewrites what liquidjs reads differently, inside tags and outside quotes, raw and comment blocks. Throws TemplateFault. */
export const normalised = (source: string): string => {
  let out = '';
  let at = 0;
  for (;;) {
    OPENING.lastIndex = at;
    const open = OPENING.exec(source)?.index;
    if (open === undefined) return out + source.slice(at);
    const verbatim = verbatimEnd(source, open);
    const end = verbatim ?? closingEnd(source, open);
    out += source.slice(at, open) + (verbatim ? verbatimText(source.slice(open, end)) : tag(source.slice(open, end)));
    at = end;
  }
};

const verbatimEnd = (source: string, start: number): number | undefined => {
  VERBATIM.lastIndex = start;
  const name = VERBATIM.exec(source)?.[1];
  if (name === undefined) return undefined;
  const ending = new RegExp(`\\{%-?\\s*end${name}\\s*-?%\\}`, 'g');
  ending.lastIndex = VERBATIM.lastIndex;
  return ending.test(source) ? ending.lastIndex : source.length; // not closed: liquidjs says so
};

// liquidjs reads tags inside a comment, and fails where one is not closed there.
const verbatimText = (block: string): string => block.replace(COMMENT, '$1$2');

const closingEnd = (source: string, start: number): number => {
  const closing = source[start + 1] === '{' ? '}}' : '%}';
  let quote = '';
  for (let i = start + 2; i < source.length; i++) {
    const c = source[i];
    if (quote) quote = c === quote ? '' : quote;
    else if (c === '"' || c === "'") quote = c;
    else if (c === closing[0] && source[i + 1] === closing[1]) return i + 2;
  }
  return source.length; // not closed: liquidjs says so
};

const tag = (text: string): string =>
  text
    .split(QUOTED)
    .map((part, i) => (i % 2 === 1 ? quoted(part) : code(part)))
    .join('');

// A backslash is a character like others in Studio's engine; liquidjs reads escapes, which hides the end of a tag from it.
const quoted = (part: string): string => part.replaceAll('\\', '\\\\').replaceAll('%}', '%\\u007d');

const code = (part: string): string => {
  // A name outside ASCII is an evaluation error in Studio, where liquidjs would print nothing.
  const foreign = /[^\u0000-\u007f].{0,7}/.exec(part);
  if (foreign) throw new TemplateFault(`variable names are ASCII letters, digits, _ and -, found ${JSON.stringify(foreign[0])}`);
  const meant = part.replace(SPACED_DOT, '.');
  const loose = LOOSE_END.exec(meant);
  if (loose) throw new TemplateFault(`a name or filter is missing after ${JSON.stringify(loose[0].charAt(0))}`);
  return meant.replace(SPACED_BRACKET, '[').replace(REAL_DIVISOR, '$1"$2"').replace(REAL_DIVIDEND, '"$1"');
};
