import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@atelier/contracts';
import * as fc from 'fast-check';
import { DEFAULT_LIQUID_OPTIONS, createLiquid } from './create-liquid';

const liquid = createLiquid(DEFAULT_LIQUID_OPTIONS);

describe('whatever a template and its context are', () => {
  it('rendering answers text or an error and never throws', () => {
    const piece = fc.oneof(fc.constantFrom('{{', '}}', '{%', '%}', '|', 'flow.a', "'", '"', 'if ', 'endif', 'for i in flow ', 'raw', ' . ', '[0]', '\u0000', '\ud800'), fc.string());
    fc.assert(
      fc.property(fc.array(piece).map((pieces) => pieces.join('')), fc.dictionary(fc.string(), fc.jsonValue()), (source, flow) => {
        const { text, error } = liquid.parse(source).render({ flow } as JsonObject, 0);
        return typeof text === 'string' && (error === undefined || text === '');
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps NUL and lone surrogates of a value', () =>
    expect(liquid.parse('{{a}}').render({ a: '\u0000\ud800x' }, 0)).toEqual({ text: '\u0000\ud800x' }));
});

const flowsFolder = join(__dirname, '..', '..', '..', '..', 'shared', 'flows');
const hasFlows = existsSync(flowsFolder);
if (!hasFlows) console.log('Skipped: the public flows are not beside this checkout (../shared/flows).');
const withFlows = hasFlows || process.env['CI'] === 'true' ? it : it.skip;

const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return /\{\{|\{%/.test(value) ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
};

describe('the public flows', () => {
  withFlows('hold templates that parse, but for those that their authors broke', () => {
    const templates = new Set(readdirSync(flowsFolder).filter((name) => name.endsWith('.json')).flatMap((name) => textsOf(JSON.parse(readFileSync(join(flowsFolder, name), 'utf8')))));
    const refused = [...templates].map((source) => ({ source, ...liquid.parse(source).render({}, 0) })).filter(({ error }) => error !== undefined);
    for (const { error } of refused) console.log(`a public template is refused: ${error?.slice(0, 100)}`);
    expect(templates.size).toBeGreaterThan(500);
    expect(refused.length).toBeLessThan(templates.size / 100);
  });
});
