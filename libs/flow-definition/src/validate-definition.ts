import { WORDS } from '@atelier/widgets';
import { definitionSchema } from './definition-schema';
import { graphWarnings } from './graph-checks';
import { DEFINITION_LIMITS, type DefinitionLimits, type ValidateOptions } from './limits';
import { type Outline, listOf, objectOf, outlineOf } from './outline';
import { type Finding, pointerOf, type Problem, problemsOf } from './problem';
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
export const judge = (value: unknown, limits: DefinitionLimits & ValidateOptions): { readonly errors: Finding[]; readonly warnings: Finding[] } => {
  const states = listOf(objectOf(value)['states']).length;
  if (states > limits.widgetsMax) return { errors: [{ path: ['states'], message: WORDS.itemsMax(limits.widgetsMax), code: 'too-many-widgets' }], warnings: [] };
  const outline = outlineOf(value);
  const { unknown, optionalNulls } = walk(definitionSchema, value);
  const errors = [...schemaErrors(value, optionalNulls.map(pointerOf)), ...RULES.flatMap((rule) => rule(outline, limits))];
  return { errors, warnings: [...unknown.map(unknownProperty), ...stateWarnings(outline), ...graphWarnings(outline, limits)] };
};

/** Null in a required place has its own words. */
const schemaErrors = (value: unknown, optionalNulls: readonly string[]): Finding[] => {
  const optional = new Set(optionalNulls);
  return findingsOf(definitionSchema.safeParse(value).error?.issues ?? [], value).map((finding) =>
    finding.message.startsWith('null found') && typeof finding.path.at(-1) === 'string' && !optional.has(pointerOf(finding.path))
      ? { ...finding, message: WORDS.notNull }
      : finding,
  );
};

const unknownProperty = (path: Finding['path']): Finding => ({ path, message: 'is not a known property; it is kept and ignored', code: 'unknown-property' });

const stateWarnings = ({ states }: Outline): Finding[] => states.flatMap((state) => STATE_CHECKS.flatMap((check) => check(state)));
