import { type Meta, engineMeta } from '@atelier/contracts';
import { type EventStore, type Fact, ConcurrencyConflict } from './event-store';

/** Whose events they are is of no interest here. */
export const META: Meta = engineMeta(`AC${'a'.repeat(32)}`, 'us1');

/** An event that says `n`. */
export const noted = (n: number): Fact => ({ type: 'Noted', data: { n } });

/** What every adapter has to hold. Each adapter's spec calls this with its own factory, which answers an empty store. */
export const eventStoreContract = (name: string, make: () => Promise<EventStore>): void =>
  describe(`${name} keeps the contract of an event store`, () => {
    const of = (stream: string, expectedVersion: number, ...events: readonly Fact[]) => ({ stream, expectedVersion, events, meta: META });
    const whole = (store: EventStore) => store.readLog(0, 10_000);

    it('numbers the events of a stream from 1, and those of the log from 1 over all streams', async () => {
      const store = await make();
      await store.append([of('a', 0, noted(1), noted(2)), of('b', 0, noted(3))]);
      await store.append([of('a', 2, noted(4))]);
      expect((await store.read('a')).map(({ version, data }) => [version, data])).toEqual([[1, { n: 1 }], [2, { n: 2 }], [3, { n: 4 }]]);
      expect((await whole(store)).map(({ position, stream, data }) => [position, stream, data])).toEqual([[1, 'a', { n: 1 }], [2, 'a', { n: 2 }], [3, 'b', { n: 3 }], [4, 'a', { n: 4 }]]);
      expect(await store.end()).toBe(4);
    });

    it('leaves no gap between positions, however many append at once, and shows none that fills later', async () => {
      const store = await make();
      let isDone = false;
      const watching = (async () => {
        for (let seen: readonly number[] = []; !isDone; ) {
          seen = (await whole(store)).map(({ position }) => position);
          expect(seen).toEqual(seen.map((_, i) => i + 1));
        }
      })();
      await Promise.all(Array.from({ length: 60 }, (_, n) => store.append([of(`s${n}`, 0, ...Array.from({ length: 1 + (n % 3) }, () => noted(n)))])));
      isDone = true;
      await watching;
      const log = await whole(store);
      expect(log.map(({ position }) => position)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
      expect(new Set(log.map(({ id }) => id)).size).toBe(120);
      for (let i = 1; i < log.length; i++) if (log[i]!.version > 1) expect(log[i - 1]).toMatchObject({ stream: log[i]!.stream, version: log[i]!.version - 1 }); // batches stand together
    });

    it('answers what it stored, now and whenever it is read, the same', async () => {
      const store = await make();
      const appended = await store.append([of('a', 0, noted(1)), of('b', 0, noted(2))]);
      expect(appended).toEqual(await whole(store));
      expect(await whole(store)).toEqual(await whole(store));
      expect(appended[0]).toEqual({ type: 'Noted', data: { n: 1 }, id: expect.stringMatching(/^[0-9a-f-]{36}$/), stream: 'a', version: 1, position: 1, at: expect.stringMatching(/^\d{4}-.*Z$/), meta: META });
    });

    it('keeps any text, and keeps it from whoever handed it in', async () => {
      const store = await make();
      const data = { text: '\u0000 \ud800 🙂 "\\', deep: { list: [1, null, 1.5e300] } };
      const before = structuredClone(data);
      await store.append([of('a', 0, { type: 'Noted', data })]);
      data.deep.list.push(2);
      expect((await store.read('a'))[0]?.data).toEqual(before);
    });

    it('refuses versions that are not the stream’s', async () => {
      const store = await make();
      await store.append([of('a', 0, noted(1))]);
      for (const stale of [0, 2, 7]) await expect(store.append([of('a', stale, noted(2))])).rejects.toThrow(ConcurrencyConflict);
      await expect(store.append([of('new', 1, noted(2))])).rejects.toThrow(ConcurrencyConflict);
      expect(await store.end()).toBe(1);
    });

    it('lets one of many win who expect the same version', async () => {
      const store = await make();
      const race = async (version: number) => {
        const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => store.append([of('a', version, noted(n))])));
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ConcurrencyConflict);
      };
      await race(0);
      await race(1);
      expect((await whole(store)).map(({ version, position }) => [version, position])).toEqual([[1, 1], [2, 2]]);
    });

    it('stores a batch whole or not at all, and a refused one takes no position', async () => {
      const store = await make();
      await expect(store.append([of('a', 0, noted(1)), of('b', 7, noted(2))])).rejects.toThrow(ConcurrencyConflict);
      expect([await store.read('a'), await store.end()]).toEqual([[], 0]);
      expect((await store.append([of('a', 0, noted(3))]))[0]?.position).toBe(1);
    });

    it('takes one stream twice in a batch', async () => {
      const store = await make();
      await store.append([of('a', 0, noted(1)), of('b', 0, noted(2)), of('a', 1, noted(3))]);
      expect((await store.read('a')).map(({ version }) => version)).toEqual([1, 2]);
      await expect(store.append([of('c', 0, noted(1)), of('c', 0, noted(2))])).rejects.toThrow(ConcurrencyConflict);
    });

    it('takes an append without events as a condition', async () => {
      const store = await make();
      await store.append([of('rule', 0, noted(1))]);
      await store.append([of('a', 0, noted(2)), of('rule', 1)]);
      await expect(store.append([of('b', 0, noted(3)), of('rule', 0)])).rejects.toThrow(ConcurrencyConflict);
      expect((await whole(store)).map(({ stream }) => stream)).toEqual(['rule', 'a']);
      expect(await store.append([])).toEqual([]);
    });

    it('reads a stream from a version on, and the log in pages', async () => {
      const store = await make();
      await store.append([of('a', 0, ...[1, 2, 3, 4, 5].map(noted))]);
      expect((await store.read('a', 4)).map(({ version }) => version)).toEqual([4, 5]);
      expect([await store.read('a', 6), await store.read('nobody'), await store.readLog(5, 10)]).toEqual([[], [], []]);
      expect((await store.readLog(1, 3)).map(({ position }) => position)).toEqual([2, 3, 4]);
    });

    it('gives a hint for what was stored, when it can be read, and for nothing else', async () => {
      const store = await make();
      const ends: Promise<number>[] = [];
      const stop = store.onAppend(() => ends.push(store.end()));
      await store.append([of('a', 0, noted(1), noted(2))]);
      await expect(store.append([of('a', 0, noted(3))])).rejects.toThrow(ConcurrencyConflict);
      await store.append([]);
      expect(await Promise.all(ends)).toEqual([2]);
      stop();
      await store.append([of('a', 2, noted(4))]);
      expect(ends).toHaveLength(1);
    });

    it('closes once or twice, and can still be read', async () => {
      const store = await make();
      store.onAppend(() => undefined);
      await store.append([of('a', 0, noted(1))]);
      await store.close();
      await store.close();
      expect(await store.end()).toBe(1);
    });
  });
