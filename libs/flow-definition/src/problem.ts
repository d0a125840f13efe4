/** Something to say about a definition, as `errors` and `warnings` of the Flow resource carry it. `code` names our rule where we have one. */
export type Problem = { readonly property_path: string; readonly message: string; readonly code?: string };

/** Where something is in a JSON value: keys and 0-based indexes. */
export type Path = readonly (string | number)[];

/** A problem before its path is printed. `expected` is the JSON type that would be right, where the type is wrong. */
export type Finding = { readonly path: Path; readonly message: string; readonly code?: string; readonly expected?: string };

// encodeURI refuses lone surrogates; a replacement character keeps the path readable.
const segment = (key: string | number): string =>
  encodeURI(
    String(key)
      .replace(/~/g, '~0')
      .replace(/\//g, '~1')
      .replace(/[\uD800-\uDFFF]/gu, '\uFFFD'),
  ).replace(/#/g, '%23');

/** A path as URI fragment (RFC 6901, 6): `#/states/3/properties/timeout`. */
export const pointerOf = (path: Path): string => `#${path.map((key) => `/${segment(key)}`).join('')}`;

const problemOf = ({ path, message, code }: Finding): Problem => ({
  property_path: pointerOf(path),
  message,
  ...(code !== undefined && { code }),
});

/** At most `max` problems, each pair of place and message once, and a last one that says how many more there are at least. */
export const problemsOf = (findings: readonly Finding[], max: number): Problem[] => {
  const unique = new Map<string, Problem>();
  for (const [i, finding] of findings.entries()) {
    if (unique.size === max) return [...unique.values(), { property_path: '#', message: `and ${findings.length - i} more`, code: 'more' }];
    const problem = problemOf(finding);
    unique.set(`${problem.property_path} ${problem.message}`, problem);
  }
  return [...unique.values()];
};

/** The value at a path, or undefined where there is none. Own keys only. */
export const valueAt = (root: unknown, path: Path): unknown => {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key]; // an own key of an object
  }
  return value;
};
