/** What templates name: the paths that they read, and the literals that they compare with. For specs; a walk proposes values from both. */
const TAG = /\{\{([\s\S]*?)\}\}|\{%([\s\S]*?)%\}/g;
const PATH = /\b(trigger|flow|contact|widgets)((?:\s*\.\s*[\w-]+|\s*\[\s*(?:[\w.-]+|"[^"]*"|'[^']*')\s*\])+)/g;
const STEP = /\.\s*([\w-]+)|\[\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+))\s*\]/g;
const QUOTED = /"([^"]*)"|'([^']*)'/g;
const NUMBER = /(?<![\w.\]])-?\d+(?:\.\d+)?(?![\w.])/g;

/** Names from a root to a value; an index of an array is its number as text. */
export type Path = readonly string[];

const tagsOf = (template: string): readonly string[] => [...template.matchAll(TAG)].map(([, output, tag]) => output ?? tag ?? '');

/** Paths that a template reads. An index that is itself a name stands for the first element. */
export const pathsIn = (template: string): readonly Path[] =>
  tagsOf(template).flatMap((tag) => [...tag.matchAll(PATH)].map(([, root = '', rest = '']) => [root, ...[...rest.matchAll(STEP)].map(stepOf)]));

const stepOf = ([, name, double, single, bare]: RegExpMatchArray): string => {
  const index = name ?? double ?? single;
  if (index !== undefined) return index;
  return bare !== undefined && /^\d+$/.test(bare) ? bare : '0';
};

/** Texts and numbers that a template's tags hold. */
export const literalsIn = (template: string): readonly string[] =>
  tagsOf(template).flatMap((tag) => [...[...tag.matchAll(QUOTED)].map(([, double, single]) => double ?? single ?? ''), ...(tag.replace(QUOTED, '').match(NUMBER) ?? [])]);

/** Whether a template reads the clock. */
export const readsClock = (template: string): boolean => literalsIn(template).some((literal) => literal === 'now' || literal === 'today');

/** All texts in a value, however deep. */
export const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};
