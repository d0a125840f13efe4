import type { Json, JsonObject } from '@atelier/contracts';
import { isObject } from './outcomes';
import { jsonOf } from './typed-values';

/** What HTTP and Function widgets keep of an answer `{status, contentType, body, headers}`; `parsed` only where it is a JSON object (`spec/widgets.md` 5). */
export const answerOutputs = ({ status = 0, contentType = '', body = '' }: JsonObject): JsonObject => {
  const parsed = isJson(contentType) ? jsonOf(String(body)) : undefined;
  return { body, status_code: status, content_type: contentType, ...(isObject(parsed) && { parsed }) };
};

/** Pairs of a definition as an effect takes them. */
export const parametersOf = (pairs: readonly { readonly key: string; readonly value: string }[]): readonly (readonly [string, string])[] =>
  pairs.map(({ key, value }) => [key, value]);

// Unspecified by Twilio: what follows the semicolon does not count.
const isJson = (contentType: Json): boolean => String(contentType).split(';')[0]?.trim().toLowerCase() === 'application/json';
