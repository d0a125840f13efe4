import { z } from 'zod';
import { atLeastOne, exactlyOne, propertiesOf, requiredWhen, templatedPattern, text } from './properties';

const issuesOf = (schema: z.ZodType, value: unknown) =>
  schema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
const two = propertiesOf({ a: text.optional(), b: text.optional(), c: z.int().optional() });

describe('rules between properties', () => {
  it('speak beside a wrong type elsewhere', () => {
    expect(issuesOf(exactlyOne(two, ['a', 'b']), { c: 'x' })).toHaveLength(3);
    expect(issuesOf(atLeastOne(two, ['a', 'b']), { c: 'x' })).toHaveLength(3);
    expect(issuesOf(requiredWhen(two, { key: 'a', values: ['1'], orAbsent: true, required: ['b'] }), { c: 'x' })).toHaveLength(2);
  });

  it('are silent where there is no object at all', () => expect(issuesOf(exactlyOne(two, ['a', 'b']), null)).toHaveLength(1));

  it('do not take a key named __proto__ for the properties inside it', () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":"1","b":"2"}}');
    expect(issuesOf(atLeastOne(two, ['a', 'b']), value)).toHaveLength(2);
    expect(issuesOf(requiredWhen(two, { key: 'a', values: ['1'], orAbsent: true, required: ['b'] }), value)).toHaveLength(1);
  });

  it('are published: the JSON Schema says the same', () => {
    expect(z.toJSONSchema(exactlyOne(two, ['a', 'b']))).toMatchObject({
      type: 'object',
      properties: { a: { type: 'string' } },
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
    });
    expect(z.toJSONSchema(requiredWhen(two, { key: 'a', values: ['1'], required: ['b'] }))).toMatchObject({
      allOf: [{ if: { required: ['a'], properties: { a: { enum: ['1'] } } }, then: { required: ['b'] } }],
    });
  });
});

describe('a templated value', () => {
  it.each([
    ['12', true],
    ['', true],
    ['{{x}}', true],
    ['{% if x %}a{% endif %}', true],
    ['{x}', false],
  ])('%j', (value, accepted) => expect(templatedPattern('^[0-9]+$').safeParse(value).success).toBe(accepted));
});
