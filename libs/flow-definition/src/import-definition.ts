import { editJson } from './json-edit';
import { convertLegacy, isLegacy } from './legacy';
import { DEFINITION_LIMITS, type DefinitionLimits, type ValidateOptions } from './limits';
import { parseDefinition, type ParseOptions } from './parse-definition';
import { type Finding, type Problem, problemsOf } from './problem';
import { coercionsOf, completionsOf, endingsOf, type Repair } from './repair';
import { judge } from './validate-definition';

/** How an import treats what strict create refuses (`spec/atelier.md` 5). */
export type ImportOptions = ValidateOptions &
  ParseOptions & {
    /** Turns values into the type that Studio wants where that is certain. Default true. */
    readonly coerce?: boolean;
    /** What becomes of a `next` that names no state: the branch ends, or it is kept and the flow is an invalid draft. Default keep. */
    readonly danglingNext?: 'end' | 'keep';
  };

/** What an import makes of a text. */
export type ImportedDefinition = {
  /** The text that came, with as little changed as possible. */
  readonly definition: string;
  readonly errors: Problem[];
  /** What was converted first, then everything else. */
  readonly warnings: Problem[];
  readonly converted: Problem[];
  /** Too broken to keep even as a draft: types or events that do not exist, or no flow at all. Answer 400/81022 with `errors`. */
  readonly refused: boolean;
};

/** Takes a definition as people have it: older format, wrong types, dangling ends. Not JSON, or too large: Rejection InvalidParameter. */
export const importDefinition = (given: string, options: ImportOptions = {}): ImportedDefinition => {
  const limits = { ...DEFINITION_LIMITS, ...options };
  const text = given.replace(/^\uFEFF/, ''); // some editors begin a file with it
  const parsed = parseDefinition(text, options);
  const legacy = isLegacy(parsed.value);
  const start = legacy ? JSON.stringify(convertLegacy(parsed.value)) : text;
  const value: unknown = legacy ? JSON.parse(start) : parsed.value;
  const draft: Draft = { text: start, value, judged: judge(value, limits), notes: legacy ? [CONVERTED] : [] };
  const kinds = repairsFor({ coerce: legacy || (options.coerce ?? true), danglingNext: options.danglingNext ?? 'keep' });
  const { text: definition, judged, notes } = kinds.reduce((before, kind) => repaired(before, kind, limits), draft);
  return { definition, ...reportOf(judged, notes, limits) };
};

const CONVERTED: Finding = { path: [], message: 'was converted from the export format of 2018 and 2019', code: 'converted' };

type Judged = ReturnType<typeof judge>;
type Draft = { readonly text: string; readonly value: unknown; readonly judged: Judged; readonly notes: readonly Finding[] };
type RepairKind = (value: unknown, errors: readonly Finding[]) => Repair[];
type Choices = Required<Pick<ImportOptions, 'coerce' | 'danglingNext'>>;

const repairsFor = ({ coerce, danglingNext }: Choices): RepairKind[] => [
  ...(coerce ? [coercionsOf, completionsOf] : []),
  ...(danglingNext === 'end' ? [endingsOf] : []),
];

/** One kind after the other: a condition that is completed is written anew, with what was coerced in it. */
const repaired = (draft: Draft, repairsOf: RepairKind, limits: Parameters<typeof judge>[1]): Draft => {
  const repairs = repairsOf(draft.value, draft.judged.errors);
  if (repairs.length === 0) return draft;
  const text = editJson(draft.text, repairs.map(({ edit }) => edit));
  const value: unknown = JSON.parse(text);
  return { text, value, judged: judge(value, limits), notes: [...draft.notes, ...repairs.map(({ note }) => note)] };
};

type Report = Omit<ImportedDefinition, 'definition'>;

const reportOf = ({ errors, warnings }: Judged, notes: readonly Finding[], { problemsMax }: DefinitionLimits): Report => ({
  errors: problemsOf(errors, problemsMax),
  warnings: problemsOf([...notes, ...warnings], problemsMax),
  converted: problemsOf(notes, problemsMax),
  refused: errors.some((error) => !isKeepable(error)),
});

/** A draft may have faulty properties, dangling ends and the wrong trigger; everything else leaves no flow that could be drawn and mended. */
const isKeepable = ({ path, code }: Finding): boolean =>
  code === 'dangling-next' || code === 'rest-only' || (path[0] === 'states' && path[2] === 'properties' && path.length > 3);
