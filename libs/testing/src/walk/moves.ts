import type { Json, JsonObject } from '@atelier/contracts';
import type { Path } from './template-paths';

/** Something from outside that moves an execution on. `afterMs`: how much time passes before it. */
export type Move =
  | { readonly kind: 'start'; readonly event: string; readonly contact: string; readonly address: string; readonly parameters: JsonObject; readonly afterMs: number }
  | { readonly kind: 'send'; readonly isAccepted: boolean }
  | { readonly kind: 'answer'; readonly status: number; readonly contentType: string; readonly body: string }
  | { readonly kind: 'no-answer' }
  /** Nothing leaves: the URL, rendered, is none. */
  | { readonly kind: 'no-call' }
  | { readonly kind: 'resolve'; readonly exists: boolean }
  | { readonly kind: 'reply'; readonly parameters: JsonObject; readonly afterMs: number }
  | { readonly kind: 'event'; readonly event: string; readonly parameters: JsonObject; readonly afterMs: number }
  | { readonly kind: 'undelivered' }
  | { readonly kind: 'timeout' };

export const CONTACT = '+15551230001';
export const ADDRESS = '+15557650001';

/** A value that a template should find, by the names that lead to it from where a move puts its data. */
export type Filling = { readonly path: Path; readonly value: Json };

/** What the fillings make together: objects, and arrays where a name is a number. What contradicts an earlier filling is left out. */
export const objectOf = (fillings: readonly Filling[]): JsonObject => {
  const root: Record<string, unknown> = {};
  for (const { path, value } of fillings) put(root, path, value);
  return root as JsonObject; // made of JSON values alone
};

const put = (root: Record<string, unknown>, path: Path, value: Json): void => {
  let at = root;
  path.forEach((name, i) => {
    const following = path[i + 1];
    if (following === undefined) at[name] ??= value;
    else at[name] ??= /^\d+$/.test(following) ? [] : {};
    const inner = at[name];
    at = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {}; // a text that stands there already keeps its place
  });
};

/** Data as a form carries it. */
export const formOf = (fillings: readonly Filling[]): JsonObject =>
  Object.fromEntries(Object.entries(objectOf(fillings)).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));

/** An answer of a web service or Function from which a widget makes these outputs. */
export const answerOf = (status: number, fillings: readonly Filling[]): Move => {
  const of = (name: string): Filling | undefined => fillings.find(({ path }) => path.length === 1 && path[0] === name);
  const parsed = fillings.flatMap(({ path, value }) => (path[0] === 'parsed' && path.length > 1 ? [{ path: path.slice(1), value }] : []));
  const body = of('body');
  const code = Number(of('status_code')?.value);
  return {
    kind: 'answer',
    status: code >= 200 && code <= 599 ? code : status,
    contentType: String(of('content_type')?.value ?? (body && parsed.length === 0 ? 'text/plain' : 'application/json')),
    body: body && parsed.length === 0 ? textOf(body.value) : JSON.stringify(objectOf(parsed)),
  };
};

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
