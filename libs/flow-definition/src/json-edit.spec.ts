import fc from 'fast-check';
import { editJson } from './json-edit';
import type { Path } from './problem';

type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
/** Every place in a value below the root. */
const placesOf = (value: Value, path: Path = []): { path: Path; inObject: boolean }[] => {
  if (typeof value !== 'object' || value === null) return [];
  const inObject = !Array.isArray(value);
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, inObject ? key : Number(key)];
    return [{ path: here, inObject }, ...placesOf(inner, here)];
  });
};
const changed = (value: Value, [key, ...rest]: Path, to: Value | undefined): Value => {
  const copy = structuredClone(value) as Record<string | number, Value>; // an object or an array, by the path
  if (key === undefined) throw new Error('expected a path');
  if (rest.length > 0) copy[key] = changed(copy[key] ?? null, rest, to);
  else if (to === undefined) delete copy[key];
  else copy[key] = to;
  return copy as Value;
};

describe('editing a JSON text', () => {
  it('does to the text what the same change does to the value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.nat(), fc.boolean(), fc.nat(4), (json, seed, remove, indent) => {
        const value = JSON.parse(json) as Value;
        fc.pre(!json.includes('__proto__')); // the model above assigns; the text has no such trouble
        const places = placesOf(value);
        fc.pre(places.length > 0);
        const place = places[seed % places.length]!;
        const gone = remove && place.inObject;
        const edited = editJson(JSON.stringify(value, null, indent), [{ path: place.path, json: gone ? undefined : '"new"' }]);
        expect(JSON.parse(edited)).toEqual(changed(value, place.path, gone ? undefined : 'new'));
      }),
      { numRuns: 500 },
    );
  });

  it('removes any members of an object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.infiniteStream(fc.boolean()), fc.nat(4), (dictionary, choices, indent) => {
        const value = JSON.parse(JSON.stringify(dictionary)) as Record<string, unknown>;
        const gone = new Set(Object.keys(value).filter(() => choices.next().value));
        const edited = editJson(
          JSON.stringify(value, null, indent),
          [...gone].map((key) => ({ path: [key], json: undefined })),
        );
        expect(JSON.stringify(JSON.parse(edited))).toBe(JSON.stringify(Object.fromEntries(Object.entries(value).filter(([key]) => !gone.has(key)))));
      }),
      { numRuns: 500 },
    );
  });

  it('removes several members, the first and the last ones too', () => {
    const remove = (...keys: string[]) =>
      editJson(
        '{ "a": 1, "b": [ ], "c": "x,}" }',
        keys.map((key) => ({ path: [key], json: undefined })),
      );
    expect(JSON.parse(remove('a'))).toEqual({ b: [], c: 'x,}' });
    expect(JSON.parse(remove('c'))).toEqual({ a: 1, b: [] });
    expect(JSON.parse(remove('a', 'c'))).toEqual({ b: [] });
    expect(JSON.parse(remove('b', 'c'))).toEqual({ a: 1 });
    expect(JSON.parse(remove('a', 'b', 'c'))).toEqual({});
  });

  it('leaves everything else as it is', () =>
    expect(editJson('{"z" :1.0,\n "__proto__":{"k\\u0041":[1e2,"]"]},"a":3}', [{ path: ['__proto__', 'kA', 0], json: '"100"' }])).toBe(
      '{"z" :1.0,\n "__proto__":{"k\\u0041":["100","]"]},"a":3}',
    ));
});
