/**
 * `node --require sample-poison.js main.js`: the product as it is, and an engine that dies, with the whole process, of whatever holds this word. What
 * such an input looks like in life (memory that runs out, a crash of the runtime) cannot be written down; that its process is gone at once can.
 */
import Module from 'node:module';

export const POISON = 'a-word-that-nothing-survives';

type Loader = { _load(request: string, ...more: readonly unknown[]): unknown };
type Engine = { decide(state: object, input: object, ...more: readonly unknown[]): unknown };

const loader = Module as unknown as Loader; // the one place where every `require` passes
const load = loader._load.bind(loader);

const poisoned = (engine: Engine): Engine =>
  new Proxy(engine, {
    get: (target, name) => {
      const member = Reflect.get(target, name, target) as unknown;
      if (name !== 'decide') return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      return (state: object, input: object, ...more: readonly unknown[]) => {
        if (JSON.stringify(input).includes(POISON)) process.kill(process.pid, 'SIGKILL');
        return target.decide(state, input, ...more);
      };
    },
  });

// A spec imports the word alone.
if (process.execArgv.includes('--require'))
  loader._load = (request, ...more) => {
    const loaded = load(request, ...more);
    if (request !== '@atelier/engine') return loaded;
    const { createEngine, ...rest } = loaded as { createEngine(...options: readonly unknown[]): Engine }; // what the library exports
    return { ...rest, createEngine: (...options: readonly unknown[]) => poisoned(createEngine(...options)) };
  };
