import { z } from 'zod';
import { definitionSchema, STATE_SCHEMAS } from './definition-schema';

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The published schema of each widget type: a state of a definition. Unknown properties are allowed everywhere. */
export const widgetSchemas = (): Record<string, JsonSchema> =>
  Object.fromEntries([...STATE_SCHEMAS].map(([type, schema]) => [type, schemaOf(schema)]));

/** The published schema of a whole definition. Rules across states (names, targets, subflows) are beyond it. */
export const definitionJsonSchema = (): JsonSchema => schemaOf(definitionSchema);

const schemaOf = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: 'input' }) as JsonSchema; // a plain object
