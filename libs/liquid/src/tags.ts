import {
  CaptureTag,
  type Context,
  type Emitter,
  ForTag,
  type Liquid as LiquidJs,
  type Parser,
  TablerowTag,
  Tag,
  type TagToken,
  type Template,
  type TopLevelToken,
} from 'liquidjs';
import { BoundedEmitter } from './bounded-emitter';
import { ClockedContext } from './clocked-context';

/** The tags of Studio's engine (`spec/liquid.md` 4); every other one is an error. Nothing that reads files is among them. */
export const TAGS = 'assign break capture case comment continue cycle decrement for if ifchanged increment raw tablerow unless'.split(' ');

// Stands first in a loop's body, so it runs once for each iteration.
const counter = (token: TagToken): Template => ({
  token,
  render: (context: Context) => {
    if (context instanceof ClockedContext) context.iterate();
    return '';
  },
});

class CountedFor extends ForTag {
  constructor(token: TagToken, remaining: TopLevelToken[], liquid: LiquidJs, parser: Parser) {
    super(token, remaining, liquid, parser);
    this.templates.unshift(counter(token));
  }
}

class CountedTablerow extends TablerowTag {
  constructor(token: TagToken, remaining: TopLevelToken[], liquid: LiquidJs, parser: Parser) {
    super(token, remaining, liquid, parser);
    this.templates.unshift(counter(token));
  }
}

// The limit on what a rendering prints holds for each block of Studio's engine, so also for what is only kept.
function* blockText({ liquid }: Tag, templates: Template[], context: Context): Generator<unknown, string, unknown> {
  const emitter = new BoundedEmitter(context instanceof ClockedContext ? context.options.charactersMax : 0);
  yield liquid.renderer.renderTemplates(templates, context, emitter);
  return emitter.buffer;
}

class BoundedCapture extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, string> {
    context.bottom()[this.variable] = yield* blockText(this, this.templates, context);
  }
}

/** Prints its body only where it differs from what it printed before in this rendering. */
class IfChanged extends Tag {
  private readonly templates: Template[] = [];

  constructor(token: TagToken, remaining: TopLevelToken[], liquid: LiquidJs, parser: Parser) {
    super(token, remaining, liquid);
    const stream = parser.parseStream(remaining);
    stream
      .on('tag:endifchanged', () => void stream.stop())
      .on('template', (template: Template) => void this.templates.push(template))
      .on('end', () => {
        throw new Error('tag ifchanged not closed');
      });
    stream.start();
  }

  *children(): Generator<unknown, Template[]> {
    return this.templates;
  }

  *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const text = yield* blockText(this, this.templates, context);
    if (text === context.getRegister<unknown>('ifchanged')) return;
    context.setRegister('ifchanged', text);
    emitter.write(text);
  }
}

/** Leaves exactly the tags of Studio's engine, loops counted. */
export const registerTags = (liquid: LiquidJs): void => {
  liquid.registerTag('for', CountedFor);
  liquid.registerTag('tablerow', CountedTablerow);
  liquid.registerTag('capture', BoundedCapture);
  liquid.registerTag('ifchanged', IfChanged);
  for (const name of Object.keys(liquid.tags)) if (!TAGS.includes(name)) delete liquid.tags[name];
};
