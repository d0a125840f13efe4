import { isUsableObject, jsonObjectOf, jsonOf } from './json-values';

const nested = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

describe('a JSON object from outside', () => {
  it.each(['{}', '{"a":[1,{"b":null}]}', '{"a":"\\u0000\\ud800"}', nested(60)])('%s is taken', (text) => expect(jsonObjectOf(text)).toEqual(JSON.parse(text)));
  it.each(['', 'null', '1', '"a"', '[]', '{', "{'a':1}", nested(100), nested(200_000), '['.repeat(100_000)])('%.40s is not', (text) => expect(jsonObjectOf(text)).toBeUndefined());
  it('with __proto__ in it is not: merging it would change every object', () =>
    expect([jsonObjectOf('{"__proto__":{"x":1}}'), jsonObjectOf('{"a":[{"__proto__":1}]}')]).toEqual([undefined, undefined]));
  it('may be any value where that is asked for', () => expect([jsonOf('[1]'), jsonOf('nonsense')]).toEqual([[1], undefined]));
  it('is known among other values', () => expect([isUsableObject({}), isUsableObject(null), isUsableObject([])]).toEqual([true, false, false]));
});
