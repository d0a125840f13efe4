import { WORDS } from '@atelier/widgets';
import { anyKnownState, definitionHead, definitionSchema } from './definition-schema';
import { graphWarnings } from './graph-checks';
import { DEFINITION_LIMITS, type DefinitionLimits, type ValidateOptions } from './limits';
import { type Outline, listOf, objectOf, outlineOf } from './outline';
import { type Finding, type Path, pointerOf, type Problem, problemsOf } from './problem';
import { RULES } from './rules';
import { walk } from './schema-walk';
import { STATE_CHECKS } from './state-checks';
import { findingsOf } from './wording';

/** What is wrong with a definition (it cannot run) and what looks wrong (it can). */
export type Validation = { readonly errors: Problem[]; readonly warnings: Problem[] };

/** Judges a definition by everything that create, update and validate check. All errors at once; warnings never block. Never throws on JSON. */
export const validateDefinition = (value: unknown, options: ValidateOptions = {}): Validation => {
  const limits = { ...DEFINITION_LIMITS, ...options };
  const { errors, warnings } = judge(value, limits);
  return { errors: problemsOf(errors, limits.problemsMax), warnings: problemsOf(warnings, limits.problemsMax) };
};

/** The same before paths are printed: the import repairs by it. */
export const judge = (value: unknown, limits: DefinitionLimits & ValidateOptions): Judgement => {
  if (listOf(objectOf(value)['states']).length > limits.widgetsMax) return { errors: [tooManyStates(limits)], warnings: [] };
  const outline = outlineOf(value);
  const { unknown, optionalNulls } = walk(definitionSchema, value);
  const errors = [...withNulls(schemaErrors(value, limits), optionalNulls), ...RULES.flatMap((rule) => rule(outline, limits))];
  return { errors, warnings: [...unknown.map(unknownProperty), ...stateWarnings(outline), ...graphWarnings(outline, limits)] };
};

type Judgement = { readonly errors: Finding[]; readonly warnings: Finding[] };

/** Said alone, so that a huge array costs nothing. */
const tooManyStates = ({ widgetsMax }: DefinitionLimits): Finding => ({
  path: ['states'],
  message: WORDS.itemsMax(widgetsMax),
  code: 'too-many-widgets',
});

/** Judges state by state until there is far more to say than anybody reads. */
const schemaErrors = (value: unknown, limits: DefinitionLimits): Finding[] => {
  let errors = findingsOf(definitionHead.safeParse(value).error?.issues ?? [], value);
  for (const [i, state] of listOf(objectOf(value)['states']).entries()) {
    if (errors.length > ENOUGH * limits.problemsMax) return errors;
    const more = stateErrors(value, state, ['states', i], limits);
    if (more.length > 0) errors = [...errors, ...more];
  }
  return errors;
};

const ENOUGH = 10; // times the problems that are reported: identical ones are reported once

const stateErrors = (root: unknown, state: unknown, path: Path, { stateItemsMax }: DefinitionLimits): Finding[] =>
  hasMoreItems(state, stateItemsMax)
    ? [{ path, message: WORDS.itemsMax(stateItemsMax), code: 'too-many-items' }]
    : findingsOf(anyKnownState.safeParse(state).error?.issues ?? [], root, path);

/** Whether the lists in a value have more items than this, all together. Without recursion: the value may be as deep as it likes. */
const hasMoreItems = (value: unknown, max: number): boolean => {
  let items = 0;
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Array.isArray(next) && (items += next.length) > max) return true;
    for (const inner of Object.values(next)) if (typeof inner === 'object') open.push(inner);
  }
  return false;
};

/** Null in a required place has its own words. */
const withNulls = (findings: readonly Finding[], optionalNulls: readonly Path[]): Finding[] => {
  const optional = new Set(optionalNulls.map(pointerOf));
  return findings.map((finding) =>
    finding.message.startsWith('null found') && typeof finding.path.at(-1) === 'string' && !optional.has(pointerOf(finding.path))
      ? { path: finding.path, message: WORDS.notNull }
      : finding,
  );
};

const unknownProperty = (path: Finding['path']): Finding => ({
  path,
  message: 'is not a known property; it is kept and ignored',
  code: 'unknown-property',
});

const stateWarnings = ({ states }: Outline): Finding[] => states.flatMap((state) => STATE_CHECKS.flatMap((check) => check(state)));
