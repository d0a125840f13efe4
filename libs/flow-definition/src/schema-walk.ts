import type { z } from 'zod';
import { STATE_SCHEMAS } from './definition-schema';
import type { Path } from './problem';

/** What only the schema and the value together tell. */
export type Walk = {
  /** Keys that the schema does not know. */
  readonly unknown: Path[];
  /** Nulls in places that could have been left out. */
  readonly optionalNulls: Path[];
};

/** Walks a value along its schema, as far as the two fit. Needs no recursion deeper than the schema. */
export const walk = (schema: z.core.$ZodType, value: unknown): Walk => {
  const found: Walk = { unknown: [], optionalNulls: [] };
  visit(schema as z.core.$ZodTypes, value, [], found); // every schema here is one of zod's own
  return found;
};

const visit = (schema: z.core.$ZodTypes, value: unknown, path: Path, found: Walk): void => {
  const { def } = schema._zod;
  if (def.type === 'optional' || def.type === 'nullable') return visit(def.innerType as z.core.$ZodTypes, value, path, found);
  if (def.type === 'union') return visitState(value, path, found);
  if (def.type === 'array' && Array.isArray(value)) {
    return value.forEach((item, i) => visit(def.element as z.core.$ZodTypes, item, [...path, i], found));
  }
  if (def.type === 'object' && isObject(value)) visitObject(def.shape as z.core.$ZodShape, value, path, found);
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const visitObject = (shape: z.core.$ZodShape, value: Record<string, unknown>, path: Path, found: Walk): void => {
  for (const key of Object.keys(value)) {
    const inner = Object.hasOwn(shape, key) ? (shape[key] as z.core.$ZodTypes) : undefined;
    if (!inner) found.unknown.push([...path, key]);
    else if (value[key] === null && inner._zod.optin === 'optional') found.optionalNulls.push([...path, key]);
    else visit(inner, value[key], [...path, key], found);
  }
};

/** The one union with objects in it is that of the states; the others are unions of texts. */
const visitState = (value: unknown, path: Path, found: Walk): void => {
  const schema = isObject(value) && typeof value['type'] === 'string' ? STATE_SCHEMAS.get(value['type']) : undefined;
  if (schema) visit(schema as z.ZodType & z.core.$ZodTypes, value, path, found);
};
