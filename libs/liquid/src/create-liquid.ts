import { Liquid as LiquidJs, Output, type Template as ParsedTemplate, Value, toValueSync } from 'liquidjs';
import { BoundedEmitter, lengthError } from './bounded-emitter';
import { ClockedContext } from './clocked-context';
import { registerFilters } from './filters';
import { jsonValue, printed } from './java-text';
import type { Liquid, LiquidContext, LiquidOptions, Rendered, Template } from './liquid';
import { normalised } from './normalise';
import { OPERATORS } from './operators';
import { registerTags } from './tags';
import { assertWellFormed } from './well-formed';

/** Studio's limits and zone (`spec/liquid.md` 5, 7). */
export const DEFAULT_LIQUID_OPTIONS: LiquidOptions = { timezone: 'America/Los_Angeles', iterationsMax: 15, charactersMax: 16_384, renderMs: 100 };

const MEMORY_MAX = 2_000_000; // characters and elements that the filters of one rendering make; some are counted by liquidjs too
// Characters of a template. Reading takes longer than in proportion: the most hostile of this length about 0.3 s, of the sixfold many seconds.
const parseMax = ({ charactersMax }: LiquidOptions): number => Math.max(65_536, 4 * charactersMax);

/** Studio's dialect over liquidjs. Pure: no clock, no files, own properties only. */
export const createLiquid = (options: LiquidOptions): Liquid => {
  const liquid = new LiquidJs({
    ownPropertyOnly: true,
    strictFilters: true,
    memoryLimit: MEMORY_MAX,
    parseLimit: parseMax(options),
    templates: {},
    outputEscape: printed,
    operators: OPERATORS,
    groupedExpressions: true,
  });
  registerFilters(liquid);
  registerTags(liquid);
  return { parse: (source) => (isPlain(source) ? plain(source, options) : parsed(liquid, source, options)) };
};

const isPlain = (source: string): boolean => !source.includes('{{') && !source.includes('{%');

const plain = (source: string, { charactersMax }: LiquidOptions): Template => {
  const rendered: Rendered = source.length > charactersMax ? tooLong(charactersMax) : { text: source };
  return { source, render: () => rendered, evaluate: () => undefined };
};

const tooLong = (charactersMax: number): Rendered => ({ text: '', error: lengthError(charactersMax) });

const parsed = (liquid: LiquidJs, source: string, options: LiquidOptions): Template => {
  let templates: ParsedTemplate[];
  try {
    templates = liquid.parse(normalised(source));
    assertWellFormed(templates);
  } catch (error) {
    return broken(source, messageOf(error));
  }
  const single = singleValue(liquid, templates);
  return {
    source,
    render: (context, nowMs) => rendered(liquid, templates, context, options, nowMs),
    evaluate: (context, nowMs) => single && evaluated(liquid, single, context, options, nowMs),
  };
};

const broken = (source: string, error: string): Template => {
  const rendered: Rendered = { text: '', error };
  return { source, parseError: error, render: () => rendered, evaluate: () => undefined };
};

const rendered = (liquid: LiquidJs, templates: ParsedTemplate[], context: LiquidContext, options: LiquidOptions, nowMs: number): Rendered => {
  try {
    const emitter = new BoundedEmitter(options.charactersMax);
    toValueSync(liquid.renderer.renderTemplates(templates, new ClockedContext(context, liquid, options, nowMs), emitter));
    return { text: emitter.buffer };
  } catch (error) {
    return { text: '', error: messageOf(error) };
  }
};

type Evaluated = ReturnType<Template['evaluate']>;

const evaluated = (liquid: LiquidJs, value: Value, context: LiquidContext, options: LiquidOptions, nowMs: number): Evaluated => {
  try {
    return { value: jsonValue(toValueSync(value.value(new ClockedContext(context, liquid, options, nowMs), false))) };
  } catch {
    return undefined; // rendering the same template reports the error
  }
};

// Exactly one output expression, white space around it aside; its own filters, without the one that prints.
const singleValue = (liquid: LiquidJs, templates: readonly ParsedTemplate[]): Value | undefined => {
  const meant = templates.filter((template) => template instanceof Output || template.token.getText().trim() !== '');
  const [only] = meant;
  if (meant.length !== 1 || !(only instanceof Output)) return undefined;
  const inner = only.token.getText().replace(/^\{\{-?/, '').replace(/-?\}\}$/, '');
  return new Value(inner.trim(), liquid);
};

const MESSAGE_CHARACTERS_MAX = 300; // liquidjs repeats the template in its messages

const messageOf = (error: unknown): string => {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return first.slice(0, MESSAGE_CHARACTERS_MAX);
};
