import { Context, type Liquid as LiquidJs } from 'liquidjs';
import type { LiquidContext, LiquidOptions } from './liquid';

const GAP_MS_MAX = 20; // no tag or filter takes longer; a pause of the whole process is not the template's

/** One rendering: what the template sees, the time it was given, and how many iterations it has used. */
export class ClockedContext extends Context {
  private iterations = 0;
  private spentMs = 0;
  private lookedAtMs: number | undefined;

  constructor(
    scope: LiquidContext,
    liquid: LiquidJs,
    readonly options: LiquidOptions,
    readonly nowMs: number,
  ) {
    // The tags increment and decrement write into the environment, so the caller's values stand behind it as globals: a rendering changes nothing.
    super(Object.create(null) as object, liquid.options, { sync: true, globals: scope }, { liquid });
    this.renderLimit.check = (atMs) => this.spend(atMs); // liquidjs asks before each tag, and would compare with the time on the wall
  }

  private spend(atMs: number): void {
    this.spentMs += Math.min(atMs - (this.lookedAtMs ?? atMs), GAP_MS_MAX);
    this.lookedAtMs = atMs;
    if (this.spentMs > this.options.renderMs) throw new Error('template render limit exceeded');
  }

  /** One more run of a loop's body; the counter is shared by all loops of the rendering. */
  iterate(): void {
    if (++this.iterations > this.options.iterationsMax) throw new Error(`more than ${this.options.iterationsMax} iterations`);
  }

  /** A missing index is an error in Studio's engine; an index on something that is no list is nothing. */
  override readProperty(object: unknown, key: unknown): unknown {
    if (typeof key === 'number') {
      if (typeof object === 'string') return undefined;
      if (Array.isArray(object) && !(key >= 0 && key < object.length)) throw new Error(`index ${key} of a list of ${object.length}`);
    }
    // The parameters of liquidjs are narrower than what it passes in.
    return super.readProperty(object as Parameters<Context['readProperty']>[0], key as Parameters<Context['readProperty']>[1]);
  }
}
