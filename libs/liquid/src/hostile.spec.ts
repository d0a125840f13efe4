import type { JsonObject } from '@atelier/contracts';
import * as fc from 'fast-check';
import { DEFAULT_LIQUID_OPTIONS, createLiquid } from './create-liquid';
import { FILTERS } from './filters';
import type { LiquidContext, Rendered } from './liquid';

const liquid = createLiquid(DEFAULT_LIQUID_OPTIONS);

const PIECES =
  `{{ }} {% %} {{- -%} | : , . .. [ ] [0] [9] ( ) ' " == <> and contains if elsif else endif unless case when for endfor tablerow in ` +
  `raw endraw comment endcomment assign capture endcapture ifchanged cycle increment break include flow flow.a (1..3) 1 -1.5 7.0 ` +
  `nil empty now \\ \u0000 \ud800 \udc00 é 💬`;
const piece = fc.oneof(
  fc.constantFrom(...PIECES.split(' '), ' ', '\n', ' . ', '{% if flow %}', '{% for i in flow %}{{ i }}'),
  fc.constantFrom(...FILTERS),
  fc.string({ unit: 'binary' }),
);
const source = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(' '));
const key = fc.oneof(fc.constantFrom('a', 'size', 'first', 'last', '__proto__', 'constructor', 'toString', 'then', 'next', 'valueOf'), fc.string());
const flow = fc.dictionary(key, fc.jsonValue());

const isRendered = ({ text, error }: Rendered): boolean => typeof text === 'string' && (error === undefined || (text === '' && error !== ''));

// The same answer twice, an answer at all, and nothing changed: replays depend on each of them.
const holds = (template: string, context: LiquidContext): boolean => {
  const before = JSON.stringify(context);
  const parsed = liquid.parse(template);
  const first = parsed.render(context, 0);
  parsed.evaluate(context, 0);
  return isRendered(first) && JSON.stringify(parsed.render(context, 0)) === JSON.stringify(first) && JSON.stringify(context) === before;
};

describe('whatever a template and its context are', () => {
  it('rendering answers text or an error, twice the same, and changes nothing', () => {
    fc.assert(fc.property(source, flow, (template, values) => holds(template, { flow: values } as JsonObject)), { numRuns: 3_000 });
  });

  it('so does every filter, with whatever it is given', () => {
    const filter = fc.record({ name: fc.constantFrom(...FILTERS), values: fc.array(fc.jsonValue(), { minLength: 1, maxLength: 4 }) });
    fc.assert(
      fc.property(filter, ({ name, values: [value = null, ...args] }) => {
        const named = args.map((_, i) => `arg${i}`);
        const template = `{{ value | ${name}${named.length > 0 ? ': ' : ''}${named.join(', ')} }}`;
        return holds(template, Object.fromEntries([['value', value], ...args.map((arg, i) => [`arg${i}`, arg])]) as JsonObject);
      }),
      { numRuns: 3_000 },
    );
  });

  it('a text without a template comes back as it is', () => {
    const plain = fc.string({ unit: 'binary' }).filter((text) => !text.includes('{{') && !text.includes('{%'));
    fc.assert(fc.property(plain, (text) => liquid.parse(text).render({}, 0).text === text));
  });

  it('a value prints as it is, with NUL, lone surrogates and template marks', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (a) => liquid.parse('{{ a }}').render({ a }, 0).text === a));
    expect(liquid.parse('{{ a }}').render({ a: '\u0000\ud800{{ a }}{% frob %}' }, 0)).toEqual({ text: '\u0000\ud800{{ a }}{% frob %}' });
  });

  it('its JSON is read back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (a) => {
        const value = liquid.parse('{{ a | to_json | parse_json }}').evaluate({ a } as JsonObject, 0)?.value;
        return JSON.stringify(value ?? null) === JSON.stringify(a);
      }),
    );
  });

  it('own keys of a map come first', () => {
    const name = fc.constantFrom('size', 'first', 'last', 'constructor');
    const own = (name: string, value: number) => liquid.parse(`{{ m.${name} }}`).render({ m: { [name]: value } }, 0).text;
    fc.assert(fc.property(name, fc.integer(), (name, value) => own(name, value) === String(value)));
  });
});

describe('time', () => {
  // Far from what a quiet machine does (200,000 a second), near enough to notice a template that is parsed again for each rendering.
  it('a variable renders more than 30,000 times a second', () => {
    const template = liquid.parse('{{ flow.data.name }}');
    const context = { flow: { data: { name: 'Al' } } };
    expect(bestPerSecond(() => template.render(context, 0))).toBeGreaterThan(30_000);
  });

  it.each([
    ['long numbers', `{{ ${'1'.repeat(60_000)} }}`],
    ['spaces', `{{ a${' '.repeat(60_000)}b }}`],
    ['dots', `{{ a${' . b'.repeat(15_000)} }}`],
    ['quotes', `{{ ${`'"`.repeat(30_000)} }}`],
    ['openings', '{{'.repeat(30_000)],
    ['raw blocks', '{% raw %}'.repeat(7_000)],
    ['comments', '{% comment %}'.repeat(5_000)],
    ['outputs', '{{ a }}'.repeat(9_000)],
    ['a number that is none', '{{ digits | plus: 1 }}'],
    ['texts that grow from filter to filter', `{{ ampersands ${'| escape'.repeat(6_000)} }}`],
    ['texts that are encoded again and again', `{{ ampersands ${'| url_encode'.repeat(5_000)} }}`],
    ['lists that are sorted again and again', `{{ digits | split: "" ${'| sort_natural'.repeat(4_000)} }}`],
    ['lists that are made again and again', `{{ digits | split: "" ${'| concat: list'.repeat(4_000)} }}`],
  ])('%s are refused or rendered within two seconds', (_, template) => {
    const start = performance.now();
    expect(isRendered(liquid.parse(template).render({ digits: `${'1'.repeat(200_000)}x`, ampersands: '&'.repeat(65_536), list: Array<number>(8_000).fill(1) }, 0))).toBe(true);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe('a process that stands still in the middle of a rendering', () => {
  afterEach(() => jest.restoreAllMocks());
  const rendering = (pausesMs: readonly number[]) => {
    let nowMs = performance.now();
    const pauses = [...pausesMs];
    jest.spyOn(performance, 'now').mockImplementation(() => (nowMs += pauses.shift() ?? 0.001));
    return liquid.parse('{{ a }}'.repeat(100)).render({ a: 1 }, 0);
  };

  it('leaves the template its time', () => expect(rendering([0, 1, 5_000, 1])).toEqual({ text: '1'.repeat(100) }));
  it('is told from a template that takes long', () => expect(rendering(Array<number>(50).fill(10)).error).toContain('render limit'));
});

// The best of several short rounds: a busy machine makes some of them slow, not all.
const bestPerSecond = (act: () => unknown): number => {
  const ROUND = 3_000;
  const rounds = Array.from({ length: 12 }, () => {
    const start = performance.now();
    for (let i = 0; i < ROUND; i++) act();
    return ROUND / ((performance.now() - start) / 1_000);
  });
  return Math.max(...rounds);
};
