/**
 * Texts that a pattern should match, one for each alternative on its outermost level, for the constructs that conditions of flows use. Look-aheads become
 * text. The real matcher decides.
 */
export const matchingTexts = (pattern: string): readonly string[] => new PatternReader(pattern.replace(/^\(\?[a-z]+\)/, '')).alternatives();

const CLASSES: Readonly<Record<string, string>> = { d: '7', D: 'x', w: 'w', W: '-', s: ' ', S: 'x', n: '\n', t: '\t', r: '\r', b: '', B: '' };

/** A character that a negated set takes. */
const outside = (set: string): string => {
  try {
    return [...'x7 -_'].find((c) => new RegExp(set, 'i').test(c)) ?? '';
  } catch {
    return ''; // no set, so nothing matches it
  }
};

/** Reads a pattern from left to right; every part becomes the shortest text that it takes. */
class PatternReader {
  private at = 0;

  constructor(private readonly pattern: string) {}

  alternatives(): readonly string[] {
    const found: string[] = [];
    do found.push(this.sequence());
    while (this.took('|'));
    return found;
  }

  private sequence(): string {
    let text = '';
    while (this.at < this.pattern.length && this.peek() !== '|' && this.peek() !== ')') text += this.repeated(this.part());
    return text;
  }

  private part(): string {
    const c = this.next();
    if (c === '(') return this.group();
    if (c === '[') return this.set();
    if (c === '\\') return this.escape();
    if (c === '^' || c === '$') return '';
    return c === '.' ? 'x' : c;
  }

  private group(): string {
    const isNegative = this.took('?!') || this.took('?<!');
    if (!this.took('?:') && !this.took('?=') && !this.took('?<=') && this.took('?<')) this.skipPast('>');
    const [first = ''] = this.alternatives();
    this.took(')');
    return isNegative ? '' : first;
  }

  private set(): string {
    const start = this.at - 1;
    const isNegated = this.took('^');
    const [first = ''] = [this.at < this.pattern.length ? this.next() : ''].map((c) => (c === '\\' ? this.escape() : c));
    while (this.at < this.pattern.length && this.peek() !== ']') if (this.next() === '\\') this.next();
    this.took(']');
    return isNegated ? outside(this.pattern.slice(start, this.at)) : first;
  }

  private escape(): string {
    const c = this.next();
    return CLASSES[c] ?? c;
  }

  private repeated(text: string): string {
    const [, least] = /^\{(\d+)(?:,\d*)?\}/.exec(this.pattern.slice(this.at)) ?? [];
    if (least !== undefined) {
      this.skipPast('}');
      this.took('?');
      return text.repeat(Math.min(Number(least), 100));
    }
    const isOptional = this.took('*') || this.took('?');
    if (isOptional || this.took('+')) this.took('?');
    return isOptional ? '' : text;
  }

  private took(text: string): boolean {
    if (!this.pattern.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private peek(): string | undefined {
    return this.pattern[this.at];
  }

  private skipPast(end: string): void {
    while (this.at < this.pattern.length && this.next() !== end);
  }

  private next(): string {
    return this.pattern[this.at++] ?? '';
  }
}
