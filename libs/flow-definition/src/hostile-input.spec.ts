import { WIDGETS } from '@atelier/widgets';
import fc from 'fast-check';
import { importDefinition, validateDefinition } from './index';
import { flowOf, flowWith, REQUIRED_PROPERTIES, state } from './samples';

const NAMES = ['Trigger', 'widget', 'toString', '__proto__', 'constructor', 'a b', '', 'x\u0000', '\ud800'];
const EVENTS = [...new Set(WIDGETS.flatMap(({ transitions }) => transitions)), 'constructor', ''];
const anything = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>;
const oftenRight = <T>(right: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: right as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: anything });
const condition = fc.record(
  { type: oftenRight(fc.constantFrom('regex', 'equal_to')), value: oftenRight(fc.string()), arguments: anything, friendly_name: anything },
  { requiredKeys: [] },
);
const transition = fc.record(
  { event: oftenRight(fc.constantFrom(...EVENTS)), next: oftenRight(fc.constantFrom(...NAMES)), conditions: oftenRight(fc.array(condition)) },
  { requiredKeys: [] },
);
const anyState = fc
  .constantFrom(...WIDGETS, { type: 'hang-up' }, { type: '__proto__' }, { type: 'InitialState' }, { type: 'Branch' })
  .chain(({ type }) =>
    fc.record(
      {
        name: oftenRight(fc.constantFrom(...NAMES)),
        type: oftenRight(fc.constant(type)),
        transitions: oftenRight(fc.array(oftenRight(transition), { maxLength: 4 })),
        properties: oftenRight(
          fc.dictionary(fc.constantFrom(...Object.keys(REQUIRED_PROPERTIES[type] ?? {}), '__proto__', 'parameters', 'variables'), anything),
        ),
      },
      { requiredKeys: [] },
    ),
  );
const anyDefinition = fc.record(
  {
    states: oftenRight(fc.array(oftenRight(anyState), { maxLength: 6 })),
    initial_state: oftenRight(fc.constantFrom(...NAMES)),
    flags: anything,
    $schema: anything,
  },
  { requiredKeys: [] },
);
const WORDING = new RegExp(
  '^(\\w+ found, \\w+ expected|does not have a value in the enumeration \\[.*\\]|must be a constant value .*|is missing but it is required|must not be null|' +
    'must be a valid, non-liquid flow sid|.* can only be used in flows triggered by the REST API|must have a (minimum|maximum) value of -?\\d+|may only be \\d+ characters long|' +
    'must be at least \\d+ characters long|does not match the regex pattern .*|there must be a (minimum|maximum) of \\d+ .*|must be (unique|the name|the same|valid to one).*)$',
  's',
);

describe('hostile definitions', () => {
  it('no JSON makes validation or import throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue() as fc.Arbitrary<unknown>, anyDefinition), (value) => {
        const text = JSON.stringify(value);
        validateDefinition(JSON.parse(text));
        importDefinition(text, { danglingNext: 'end' });
      }),
      { numRuns: 300 },
    );
  });

  it('every error of every faulty definition is in the words that clients know', () => {
    fc.assert(
      fc.property(anyDefinition, (value) => {
        const { errors } = validateDefinition(JSON.parse(JSON.stringify(value)));
        expect(errors.map(({ message }) => message).filter((message) => !WORDING.test(message))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('what was imported is JSON and judged the same when it comes again', () => {
    fc.assert(
      fc.property(anyDefinition, (value) => {
        const once = importDefinition(JSON.stringify(value), { danglingNext: 'end' });
        const again = importDefinition(once.definition, { danglingNext: 'end' });
        expect(again.errors).toEqual(once.errors);
        expect(again.definition).toBe(once.definition);
      }),
      { numRuns: 300 },
    );
  });

  it('keys and names that mean something to JavaScript mean nothing here', () => {
    const text =
      '{"__proto__":{"x":1},"states":[{"name":"constructor","type":"trigger","transitions":[{"event":"incomingMessage","next":"hasOwnProperty"}],"properties":{"__proto__":null,"constructor":1}}],"initial_state":"constructor"}';
    const { errors, warnings } = validateDefinition(JSON.parse(text));
    expect(errors.map(({ code }) => code)).toEqual(['dangling-next']);
    expect(warnings.map(({ property_path }) => property_path).sort()).toEqual([
      '#/__proto__',
      '#/states/0/properties/__proto__',
      '#/states/0/properties/constructor',
    ]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    expect(validateDefinition(flowOf(state('a', '__proto__'))).errors[0]?.code).toBe('unknown-type');
  });

  it('texts may hold \\u0000 and lone surrogates', () => {
    const flow = flowWith('send-message', { body: '\u0000\ud800' });
    expect(validateDefinition(flow).errors).toEqual([]);
    expect(importDefinition(JSON.stringify(flow)).definition).toBe(JSON.stringify(flow));
  });

  /** Sizes that a mebibyte allows; a quadratic path would take minutes. */
  it.each<[string, () => unknown]>([
    ['half a million states', () => ({ states: Array.from({ length: 500_000 }, () => 1), initial_state: 'a' })],
    ['a state with 300,000 wrong transitions', () => flowOf(state('a', 'set-variables', {}, Array.from({ length: 300_000 }, () => 1) as never))],
    [
      '9,000 branches of one split',
      () =>
        flowOf(
          ...Array.from({ length: 1_900 }, (_, i) =>
            state(
              `s${i}`,
              'split-based-on',
              { input: '' },
              i > 0 ? [] : Array.from({ length: 9_000 }, (__, j) => ({ event: 'match', next: `s${j % 1_900}`, conditions: [] })),
            ),
          ),
        ),
    ],
    [
      'many states with 9,000 wrong items each',
      () =>
        flowOf(
          ...Array.from({ length: 20 }, (_, i) =>
            state(
              `s${i}`,
              'set-variables',
              {},
              Array.from({ length: 9_000 }, () => ({})),
            ),
          ),
        ),
    ],
    ['a value that is 100,000 levels deep', () => flowWith('set-variables', { old: JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) })],
    [
      'a ring of 1,900 states',
      () => flowOf(...Array.from({ length: 1_900 }, (_, i) => state(`s${i}`, 'set-variables', {}, [{ event: 'next', next: `s${(i + 1) % 1_900}` }]))),
    ],
    [
      '950 pairs that never wait',
      () =>
        flowOf(
          ...Array.from({ length: 1_900 }, (_, i) =>
            state(`s${i}`, 'split-based-on', { input: '' }, [
              { event: 'noMatch', next: `s${i ^ 1}` },
              { event: 'match', next: `s${(i + 2) % 1_900}`, conditions: [] },
            ]),
          ),
        ),
    ],
    ['100,000 unknown properties', () => flowWith('set-variables', Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i])))],
    [
      'a pattern that would take ages to match',
      () =>
        flowOf(
          state('a', 'split-based-on', { input: '' }, [
            { event: 'match', conditions: [{ type: 'regex', value: '(a+)+$'.repeat(1_000), arguments: [''], friendly_name: '' }] },
          ]),
        ),
    ],
    [
      'a pattern of a megabyte',
      () =>
        flowOf(
          state('a', 'split-based-on', { input: '' }, [
            { event: 'match', conditions: [{ type: 'regex', value: '('.repeat(1_000_000), arguments: [''], friendly_name: '' }] },
          ]),
        ),
    ],
  ])('%s are judged in seconds', (_name, make) => {
    const value = make();
    const start = performance.now();
    const { errors, warnings } = validateDefinition(value);
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(errors.length).toBeLessThanOrEqual(1_001);
    expect(warnings.length).toBeLessThanOrEqual(1_001);
  });
});
