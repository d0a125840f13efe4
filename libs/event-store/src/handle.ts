import { type Meta, Fault } from '@atelier/contracts';
import { type Decider, type Message, decideWith, fold } from './decider';
import { type EventStore, ConcurrencyConflict } from './event-store';

const ATTEMPTS = 10; // a conflict means that another process was faster: look again, decide again

/** Load, decide, append. The only place where a decider meets the store. A Fault where others were faster each time. */
export const handle = <C extends Message, E extends Message, S>(store: EventStore, decider: Decider<C, E, S>, stream: string, command: C, meta: Meta): Promise<readonly E[]> =>
  inTurn(stream, () => decided(store, decider, stream, command, meta));

const decided = async <C extends Message, E extends Message, S>(
  store: EventStore,
  decider: Decider<C, E, S>,
  stream: string,
  command: C,
  meta: Meta,
): Promise<readonly E[]> => {
  for (let attempt = 1; ; attempt++) {
    const history = (await store.read(stream)) as readonly unknown[] as readonly E[]; // a stream holds its context's events
    const events = decideWith(decider, command, fold(decider, history));
    if (events.length === 0) return events;
    try {
      await store.append([{ stream, expectedVersion: history.length, events, meta }]);
      return events;
    } catch (error) {
      if (!(error instanceof ConcurrencyConflict)) throw error;
      if (attempt === ATTEMPTS) throw new Fault(`expected to append to ${stream} within ${ATTEMPTS} attempts, found a conflict each time`, { cause: error });
    }
  }
};

const turns = new Map<string, Promise<unknown>>();

// Commands of one process to one stream take turns: fifty at once would be faster than each other until most give up.
const inTurn = <T>(stream: string, work: () => Promise<T>): Promise<T> => {
  const mine = (turns.get(stream) ?? Promise.resolve()).then(work);
  const over: Promise<void> = mine.then(
    () => undefined,
    () => undefined, // whoever asked hears of it
  );
  turns.set(stream, over);
  void over.then(() => turns.get(stream) === over && turns.delete(stream));
  return mine;
};
