import { z } from 'zod';

/**
 * The vocabulary of `stored` schemas: Twilio's JSON types, nothing coerced, unknown keys kept. Rules that JSON Schema cannot derive from a
 * refinement are said twice, side by side: as a check and as `meta`, which `z.toJSONSchema` copies into the published schema.
 */

/** Whether a text holds a template: then its value is only known when it runs. */
export const hasLiquid = (text: string): boolean => text.includes('{{') || text.includes('{%');
const LIQUID_SCHEMA = { pattern: '\\{\\{|\\{%' } as const;

const offset = z.looseObject({ x: z.int(), y: z.int() }).describe('Position on the canvas; ignored by the engine.');

/** The properties of a widget: the given ones, the canvas position, and whatever else a definition carries. */
export const propertiesOf = <S extends z.ZodRawShape>(shape: S) => z.looseObject({ offset: offset.optional(), ...shape });

/** Words of the JVM validator networknt, which clients of Studio know (`spec/studio.md` 2.5). */
export const WORDS = {
  missing: 'is missing but it is required',
  notNull: 'must not be null',
  notIn: (values: readonly unknown[]) => `does not have a value in the enumeration [${values.join(', ')}]`,
  constant: (value: unknown) => `must be a constant value ${String(value)}`,
  minimum: (n: number | bigint) => `must have a minimum value of ${n}`,
  maximum: (n: number | bigint) => `must have a maximum value of ${n}`,
  shorter: (n: number | bigint) => `may only be ${n} characters long`,
  longer: (n: number | bigint) => `must be at least ${n} characters long`,
  regex: (pattern: string) => `does not match the regex pattern ${pattern}`,
  itemsMax: (n: number | bigint) => `there must be a maximum of ${n} items in the array`,
  itemsMin: (n: number | bigint) => `there must be a minimum of ${n} items in the array`,
  oneOf: (keys: readonly string[], given: number) => `must be valid to one and only one of ${keys.join(', ')}, but ${given} are given`,
} as const;

/** A text that may hold a template. */
export const text = z.string();
export const bool = z.boolean();
export const int = (min?: number, max?: number) => {
  const above = min === undefined ? z.int() : z.int().min(min);
  return max === undefined ? above : above.max(max);
};

/** A literal value out of a list. */
export const choice = <const V extends readonly [string, ...string[]]>(...values: V) => z.enum(values);

/** A value out of a list, unless it is a template. Unspecified by Twilio: an empty one counts as absent. */
export const templatedChoice = <const V extends readonly [string, ...string[]]>(...values: V) =>
  z
    .string()
    .refine((value) => value === '' || hasLiquid(value) || values.includes(value), WORDS.notIn(values))
    .meta({ anyOf: [{ enum: ['', ...values] }, LIQUID_SCHEMA] });

/** A text of at most so many characters, unless it is a template, whose length is only known when it runs. */
export const templatedMax = (max: number) =>
  z
    .string()
    .refine((value) => hasLiquid(value) || value.length <= max, WORDS.shorter(max))
    .meta({ anyOf: [{ maxLength: max }, LIQUID_SCHEMA] });

/** A text of this form, unless it is a template. An empty one counts as absent. */
export const templatedPattern = (pattern: string) => {
  const regex = new RegExp(pattern);
  return z
    .string()
    .refine((value) => value === '' || hasLiquid(value) || regex.test(value), WORDS.regex(pattern))
    .meta({ anyOf: [{ pattern }, { maxLength: 0 }, LIQUID_SCHEMA] });
};

/** Pairs as Twilio stores them: `[{ "key": "a", "value": "{{b}}" }]`. */
export const pairs = z.array(z.looseObject({ key: z.string(), value: z.string() }));

/** A parameter of a subflow, an entry of set-variables: a pair that may ask to be parsed as JSON. */
export const typedPair = z.looseObject({ key: z.string(), value: z.string(), type: choice('string', 'json_object').optional() });

type Values = Readonly<Record<string, unknown>>;
const objectOf = (value: unknown): Values => (typeof value === 'object' && value !== null ? (value as Values) : {}); // read by key only
const isGiven = (value: unknown): boolean => value !== undefined && value !== '';
// Also beside other faults, so that all errors are reported at once; not where the value is no object at all.
const ALWAYS = { when: ({ value }: { readonly value: unknown }): boolean => typeof value === 'object' && value !== null && !Array.isArray(value) };
const GIVEN = (key: string) => ({ required: [key], properties: { [key]: { not: { const: '' } } } });

/** Exactly one of these keys is given; an empty text counts as absent, because exports hold `say: ""` beside `play`. */
export const exactlyOne = <T extends z.ZodType>(schema: T, keys: readonly string[]): T => {
  const givenIn = (value: unknown): number => keys.filter((key) => isGiven(objectOf(value)[key])).length;
  const tooMany = { ...ALWAYS, error: ({ input }: { input?: unknown }) => WORDS.oneOf(keys, givenIn(input)) };
  const base = schema.refine((value) => givenIn(value) <= 1, tooMany);
  const none = keys.reduce<T>((s, key) => s.refine((value) => givenIn(value) > 0, { ...ALWAYS, path: [key], error: WORDS.missing }), base);
  return none.meta({ oneOf: keys.map(GIVEN) });
};

/** At least one of these keys is given and not empty. */
export const atLeastOne = <T extends z.ZodType>(schema: T, keys: readonly string[]): T => {
  const some = (value: unknown): boolean => keys.some((key) => isGiven(objectOf(value)[key]));
  return keys.reduce<T>((s, key) => s.refine(some, { ...ALWAYS, path: [key], error: WORDS.missing }), schema).meta({ anyOf: keys.map(GIVEN) });
};

/** When `key` has one of `values` (or, with `orAbsent`, is absent), these keys are required; `orOther` may stand in for them. */
export type Requirement = {
  readonly key: string;
  readonly values: readonly string[];
  readonly orAbsent?: true;
  readonly required: readonly string[];
  readonly orOther?: string;
};

const holds = ({ key, values, orAbsent }: Requirement, value: Values): boolean =>
  value[key] === undefined ? orAbsent === true : values.some((v) => v === value[key]);

const conditionSchema = ({ key, values, orAbsent, required, orOther }: Requirement) => ({
  if: { properties: { [key]: { enum: values } }, ...(orAbsent ? {} : { required: [key] }) },
  then: orOther === undefined ? { required } : { anyOf: [{ required }, { required: [orOther] }] },
});

/** Requirements that depend on another property. */
export const requiredWhen = <T extends z.ZodType>(schema: T, ...requirements: readonly Requirement[]): T => {
  const checks = requirements.flatMap((r) => r.required.map((name) => [r, name] as const));
  const checked = checks.reduce<T>((s, [r, name]) => {
    const has = (value: Values): boolean => value[name] !== undefined || (r.orOther !== undefined && value[r.orOther] !== undefined);
    return s.refine((value) => !holds(r, objectOf(value)) || has(objectOf(value)), { ...ALWAYS, path: [name], error: WORDS.missing });
  }, schema);
  return checked.meta({ allOf: requirements.map(conditionSchema) });
};
