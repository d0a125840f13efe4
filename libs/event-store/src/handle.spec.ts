import { Fault, Rejection } from '@atelier/contracts';
import { type EventStore, ConcurrencyConflict } from './event-store';
import { META } from './event-store.contract';
import { handle } from './handle';
import { createMemoryEventStore } from './memory-event-store';
import { counter } from './sample-events';

const count = (by: number) => ({ type: 'Count', data: { by } }) as const;
const counted = (by: number) => ({ type: 'Counted', data: { by } });
const facts = async (store: EventStore) => (await store.read('a')).map(({ type, data }) => ({ type, data }));

const unbounded: typeof counter = { ...counter, decide: { Count: ({ data }) => [{ type: 'Counted', data }] } };

/** Another process appends to the stream just before each of the first appends. */
const rivalled = (store: EventStore, times: number): EventStore => ({
  ...store,
  append: async (batch) => {
    if (times-- > 0) await store.append([{ stream: 'a', expectedVersion: (await store.read('a')).length, events: [counted(1)], meta: META }]);
    return store.append(batch);
  },
});

describe('a command', () => {
  it('is decided by what happened, and what it causes is stored with its meta', async () => {
    const store = createMemoryEventStore();
    expect(await handle(store, counter, 'a', count(3), META)).toEqual([counted(3)]);
    await handle(store, counter, 'a', count(7), META);
    expect((await store.read('a')).map(({ data, meta }) => [data, meta])).toEqual([[{ by: 3 }, META], [{ by: 7 }, META]]);
    await expect(handle(store, counter, 'a', count(1), META)).rejects.toThrow(Rejection);
  });
  it('that causes nothing appends nothing', async () => {
    const store = createMemoryEventStore();
    expect([await handle(store, counter, 'a', count(0), META), await store.end()]).toEqual([[], 0]);
  });
  it('is decided again where somebody was faster', async () => {
    const store = createMemoryEventStore();
    await handle(rivalled(store, 2), counter, 'a', count(5), META);
    expect(await facts(store)).toEqual([counted(1), counted(1), counted(5)]);
  });
  it('is rejected where what the faster one did forbids it', async () => {
    const store = createMemoryEventStore();
    await expect(handle(rivalled(store, 1), counter, 'a', count(10), META)).rejects.toThrow(Rejection);
    expect(await facts(store)).toEqual([counted(1)]);
  });
  it('waits for its turn: a hundred at once to one stream are all stored, and none is decided twice', async () => {
    const store = createMemoryEventStore();
    let appends = 0;
    const counting: EventStore = { ...store, append: (batch) => (appends++, store.append(batch)) };
    await Promise.all(Array.from({ length: 100 }, () => handle(counting, unbounded, 'b', count(1), META)));
    expect([(await store.read('b')).length, appends]).toEqual([100, 100]);
  });
  it('has its turn after one that failed', async () => {
    const store = createMemoryEventStore();
    const broken: EventStore = { ...store, append: () => Promise.reject(new Fault('away')) };
    const both = await Promise.allSettled([handle(broken, counter, 'c', count(1), META), handle(store, counter, 'c', count(2), META)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
  it('is a Fault after ten conflicts, so that the caller may try later', async () => {
    const error = await handle(rivalled(createMemoryEventStore(), 10), unbounded, 'a', count(5), META).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Fault);
    expect((error as Fault).cause).toBeInstanceOf(ConcurrencyConflict);
  });
});
