import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_LIQUID_OPTIONS, createLiquid } from './create-liquid';

const folder = join(__dirname, '..', '..', '..', '..', 'shared', 'flows');
const isThere = existsSync(folder);
if (!isThere) console.log('Skipped: the public flows are not beside this checkout (../shared/flows).');
const withFlows = isThere || process.env['CI'] === 'true' ? describe : describe.skip;

const templatesOf = (value: unknown): string[] => {
  if (typeof value === 'string') return /\{\{|\{%/.test(value) ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(templatesOf) : [];
};

const publicTemplates = (): string[] => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return [...new Set(files.flatMap((name) => templatesOf(JSON.parse(readFileSync(join(folder, name), 'utf8')))))];
};

withFlows('the templates of the public flows', () => {
  const liquid = createLiquid(DEFAULT_LIQUID_OPTIONS);

  it('all parse', () => {
    const templates = publicTemplates();
    const refused = templates.flatMap((source) => liquid.parse(source).parseError ?? []);
    expect(templates.length).toBeGreaterThan(500);
    expect(refused).toEqual([]);
  });

  // Nothing is known yet when an execution starts: what fails then is only what names a value that must be there.
  it('render without a context, but for a replacement by a value that is missing', () => {
    const errors = publicTemplates().flatMap((source) => liquid.parse(source).render({}, 0).error ?? []);
    const unexplained = errors.filter((error) => !error.startsWith('the text to search for, or its replacement, is missing'));
    console.log(`${errors.length} public templates replace by a missing value, which is an error in Studio's engine too.`);
    expect(unexplained).toEqual([]);
    expect(errors.length).toBeLessThan(5);
  });
});
