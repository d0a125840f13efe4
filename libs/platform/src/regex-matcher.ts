import { type Context, Script, createContext } from 'node:vm';
import { LRUCache } from 'lru-cache';

const BUDGET_MS = 50; // stops (a+)+$ (`spec/studio.md` 3)
const ATTEMPTS = 3; // the budget is one of time on the wall: a process that stood still meanwhile says nothing about the pattern
const PATTERN_CHARACTERS_MAX = 4_096;
const GROUPS_DEPTH_MAX = 100; // compiled in 6 ms; four times as deep in 250
const REMEMBERED = 1_000;

type Compiled = { readonly regex: RegExp; readonly isHarmless: boolean } | 'invalid';

/**
 * Patterns over whole subjects, whatever the case. The dialect is Java's as far as JavaScript has it too. Node's own engine goes back over what it
 * tried, so what may take exponential time runs under a watchdog; what cannot, runs at once.
 */
export const createRegexMatcher = (budgetMs = BUDGET_MS) => {
  const compiled = new LRUCache<string, Compiled>({ max: REMEMBERED });
  const context = createContext(Object.create(null) as object);
  const script = new Script('regex.test(subject)');
  const of = (pattern: string): Compiled => {
    const known = compiled.get(pattern) ?? compile(pattern);
    compiled.set(pattern, known);
    return known;
  };
  return {
    matches: (pattern: string, subject: string): boolean | 'invalid' | 'too-slow' => {
      const known = of(pattern);
      if (known === 'invalid') return known;
      return known.isHarmless ? known.regex.test(subject) : watched(script, context, known.regex, subject, budgetMs, ATTEMPTS);
    },
  };
};

const watched = (script: Script, context: Context, regex: RegExp, subject: string, timeout: number, attempts: number): boolean | 'too-slow' => {
  Object.assign(context, { regex, subject });
  try {
    return script.runInContext(context, { timeout }) === true;
  } catch (error) {
    if (!isTimeout(error)) throw error;
    return attempts > 1 ? watched(script, context, regex, subject, timeout, attempts - 1) : 'too-slow';
  }
};

// The error may come from another realm, so its class says nothing.
const isTimeout = (error: unknown): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

const compile = (pattern: string): Compiled => {
  if (pattern.length > PATTERN_CHARACTERS_MAX || depthOf(pattern) > GROUPS_DEPTH_MAX) return 'invalid';
  const body = pattern.replace(/^\(\?[iu]+\)/, ''); // Java's flag for what is the case anyway
  for (const flags of ['iu', 'i']) {
    try {
      return { regex: new RegExp(`^(?:${body})$`, flags), isHarmless: isHarmless(body) };
    } catch {
      continue; // perhaps a pattern that only the older dialect takes; else it is invalid
    }
  }
  return 'invalid';
};

// What cannot take exponential time: one place that repeats, and that not a group; few choices that multiply; nothing that looks back at what was found.
const isHarmless = (pattern: string): boolean =>
  count(pattern, /[*+?]|\{[0-9]*,?[0-9]*\}/g) <= 1 && !/\)[*+?{]|\\[1-9k]/.test(pattern) && (!pattern.includes('(') || count(pattern, /\|/g) <= CHOICES_MAX);

const CHOICES_MAX = 6; // two to the power of it is how often a subject may be tried

const count = (text: string, what: RegExp): number => (text.match(what) ?? []).length;

// Groups that are open at once. Compiling takes more than quadratic time in them, and no watchdog ends that.
const depthOf = (pattern: string): number => {
  let [depth, deepest] = [0, 0];
  for (const [bracket] of pattern.matchAll(/\\.|[()]/gs)) {
    if (bracket === '(') deepest = Math.max(deepest, ++depth);
    else if (bracket === ')') depth--;
  }
  return deepest;
};
