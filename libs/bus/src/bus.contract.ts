import { Fault, Rejection } from '@atelier/contracts';
import { eventually } from '@atelier/testing';
import type { Bus } from './bus.port';
import type { Unnumbered } from './memory-topic';
import { Ledger } from './sample-ledger';

/** A bus under test over one topic of at least two shards, with its publisher. `restart` is what another process would see. */
export type BusUnderTest = {
  readonly bus: Bus;
  publish(shard: number, events: readonly Unnumbered[]): Promise<unknown>;
  restart(): Promise<Bus>;
  /** The bus of one more process. */
  another(): Bus;
  close(): Promise<void>;
};

const TOPIC = 'atelier.flows.events';

let count = 0;
const events = (n: number): Unnumbered[] =>
  Array.from({ length: n }, () => ({ id: `event-${++count}`, source: '/tests', type: 'thing.happened', time: '2026-01-31T12:00:00.000Z', data: { n: count } }));

const idsOf = (published: readonly Unnumbered[]) => published.map(({ id }) => id);

/** What every bus has to hold. Each adapter's spec calls this with its own factory. */
export const busContract = (name: string, make: () => Promise<BusUnderTest>): void =>
  describe(`${name} keeps the contract of a bus`, () => {
    let made: BusUnderTest;
    let ledger: Ledger;
    beforeEach(async () => {
      made = await make();
      ledger = new Ledger();
    });
    afterEach(() => made.close());
    const has = (n: number) => eventually(`${n} events in the ledger`, () => ledger.seen.length >= n);

    it('delivers what was there before and what comes later, in the order of each shard', async () => {
      const before = events(7);
      await made.publish(0, before);
      await made.bus.subscribe(ledger.subscription());
      await has(7);
      const [later, other] = [events(5), events(3)];
      await Promise.all([made.publish(0, later), made.publish(1, other)]);
      await has(15);
      expect(ledger.idsOf(0)).toEqual(idsOf([...before, ...later]));
      expect(ledger.idsOf(1)).toEqual(idsOf(other));
    });

    it('delivers many events in few batches', async () => {
      await made.publish(0, events(300));
      await made.bus.subscribe(ledger.subscription());
      await has(300);
      expect(ledger.batches.length).toBeLessThan(30);
    });

    it('shows everything to each group', async () => {
      const second = new Ledger();
      await made.bus.subscribe(ledger.subscription());
      await made.bus.subscribe(second.subscription({ group: 'second' }));
      await made.publish(0, events(4));
      await has(4);
      await eventually('the second group', () => second.seen.length === 4);
    });

    it('goes on behind the stored position after a restart', async () => {
      await made.bus.subscribe(ledger.subscription());
      await made.publish(0, events(3));
      await has(3);
      const again = await made.restart();
      ledger.delivered = 0;
      await again.subscribe(ledger.subscription());
      const later = events(2);
      await made.publish(0, later);
      await has(5);
      expect(ledger.idsOf(0).slice(3)).toEqual(idsOf(later));
      expect(ledger.seen).toHaveLength(5);
    });

    it('starts at the end for a consumer that stores no position', async () => {
      const early = events(3);
      await made.publish(0, early);
      const seen: string[] = [];
      await made.bus.subscribe({
        ...ledger.subscription(),
        position: async () => 'end',
        handle: async ({ messages }) => void seen.push(...messages.map(({ id }) => id)),
      });
      await eventually('one of a stream of events', async () => {
        await made.publish(0, events(1));
        return seen[0];
      });
      expect(idsOf(early).filter((id) => seen.includes(id))).toEqual([]);
    });

    it('holds the shard at a poisoned event where nobody takes dead letters', async () => {
      const { deadLetter: _, ...subscription } = ledger.subscription();
      const handle = async (): Promise<void> => {
        throw new TypeError('cannot read this');
      };
      await made.bus.subscribe({ ...subscription, handle });
      await made.publish(0, events(2));
      const lag = await eventually('the shard to stand still', async () => (await made.bus.lag()).find(({ failures }) => failures > 2));
      expect(lag).toMatchObject({ events: 2, deadLetters: 0 });
    });

    it('waits and skips nothing while the world fails', async () => {
      let isAway = true;
      await made.bus.subscribe(
        ledger.subscription({
          handle: async (batch) => {
            if (isAway) throw new Fault('the database is away');
            ledger.store(batch);
          },
        }),
      );
      const published = events(5);
      await made.publish(0, published);
      await eventually('the shard to stand still', async () => (await made.bus.lag()).some(({ failures }) => failures > 2));
      isAway = false;
      await has(5);
      expect(ledger.idsOf(0)).toEqual(idsOf(published));
      expect(ledger.letters).toEqual([]);
    });

    it('delivers again what was stored without the bus hearing of it, and the position drops it', async () => {
      let isLost = true;
      await made.bus.subscribe(
        ledger.subscription({
          handle: async (batch) => {
            ledger.store(batch);
            if (!isLost) return;
            isLost = false;
            throw new Fault('the connection broke after the commit');
          },
        }),
      );
      await made.publish(0, events(3));
      await has(3);
      const more = events(2);
      await made.publish(0, more);
      await has(5);
      expect(new Set(ledger.seen.map(({ id }) => id)).size).toBe(5);
    });

    it('puts a poisoned event aside with its reason after three tries alone, and nothing else', async () => {
      const published = events(20);
      const poisoned = published[13]?.id;
      let triesAlone = 0;
      await made.publish(0, published);
      await made.bus.subscribe(
        ledger.subscription({
          handle: async (batch) => {
            if (batch.messages.some(({ id }) => id === poisoned)) {
              if (batch.messages.length === 1) triesAlone++;
              throw new TypeError('cannot read this');
            }
            ledger.store(batch);
          },
        }),
      );
      await has(19);
      expect(ledger.letters).toMatchObject([{ topic: TOPIC, event: { id: poisoned, pos: 14 }, reason: 'TypeError: cannot read this' }]);
      expect(ledger.idsOf(0)).toEqual(idsOf(published).filter((id) => id !== poisoned));
      expect(triesAlone).toBe(3);
    });

    it('does not repeat what the rules forbid', async () => {
      let tries = 0;
      await made.bus.subscribe(
        ledger.subscription({
          handle: async () => {
            tries++;
            throw new Rejection('NotFound');
          },
        }),
      );
      await made.publish(0, events(1));
      await eventually('the letter', () => ledger.letters.length === 1);
      expect(tries).toBe(1);
    });

    it('keeps a poisoned event until its letter is stored', async () => {
      let isAway = true;
      const sane = ledger.subscription();
      await made.bus.subscribe({
        ...sane,
        handle: async () => {
          throw new TypeError('cannot read this');
        },
        deadLetter: async (letter) => {
          if (isAway) throw new Fault('the database is away');
          await sane.deadLetter(letter);
        },
      });
      await made.publish(0, events(1));
      await eventually('the shard to stand still', async () => (await made.bus.lag()).some(({ failures }) => failures > 1));
      expect(ledger.letters).toEqual([]);
      isAway = false;
      await eventually('the letter', () => ledger.letters.length === 1);
    });

    it('lets one shard go on while another stands still', async () => {
      await made.bus.subscribe(
        ledger.subscription({
          handle: async (batch) => {
            if (batch.shard === 0) throw new Fault('not now');
            ledger.store(batch);
          },
        }),
      );
      await made.publish(0, events(1));
      await made.publish(1, events(2));
      await has(2);
      expect(ledger.idsOf(1)).toHaveLength(2);
    });

    it('handles one batch of a shard at a time', async () => {
      let inside = 0;
      let most = 0;
      await made.bus.subscribe(
        ledger.subscription({
          handle: async (batch) => {
            most = Math.max(most, ++inside);
            await new Promise((resolve) => setImmediate(resolve));
            ledger.store(batch);
            inside--;
          },
        }),
      );
      for (let i = 0; i < 20; i++) await made.publish(0, events(2));
      await has(40);
      expect(most).toBe(1);
    });

    it('finishes the batch in hand when it is stopped, and delivers nothing after that', async () => {
      let open: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (open = resolve));
      let entered = false;
      const stop = await made.bus.subscribe(
        ledger.subscription({
          handle: async (batch) => {
            entered = true;
            await gate;
            ledger.store(batch);
          },
        }),
      );
      await made.publish(0, events(1));
      await eventually('the handler', () => entered);
      const stopped = stop();
      open();
      await stopped;
      expect(ledger.seen).toHaveLength(1);
      await made.publish(0, events(1));
      const witness = new Ledger();
      await made.bus.subscribe(witness.subscription({ group: 'witness' }));
      await eventually('another group', () => witness.seen.length === 2);
      expect(ledger.seen).toHaveLength(1);
    });

    it('leaves each event once in the store of a group, in order, whoever of several processes comes and goes', async () => {
      const published: Unnumbered[] = [];
      const publish = async (n: number): Promise<void> => {
        for (const shard of [0, 1]) {
          const more = events(n);
          published.push(...more);
          await made.publish(shard, more);
        }
      };
      await made.bus.subscribe(ledger.subscription());
      await publish(20);
      const leave = await made.another().subscribe(ledger.subscription());
      await publish(20);
      await has(60);
      await leave();
      await publish(20);
      await has(120);
      expect([...ledger.idsOf(0), ...ledger.idsOf(1)].sort()).toEqual(idsOf(published).sort());
      for (const shard of [0, 1]) expect(ledger.positionsOf(shard)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    });

    it('tells how far a group is behind, in events and in seconds', async () => {
      await made.bus.subscribe(
        ledger.subscription({
          handle: async () => {
            throw new Fault('not now');
          },
        }),
      );
      await made.publish(0, events(3));
      const lag = await eventually('the lag', async () => (await made.bus.lag()).find(({ events: n }) => n === 3));
      expect(lag).toMatchObject({ group: 'ledger', topic: TOPIC, shard: 0 });
      expect(lag.seconds).toBeGreaterThan(60); // the events are of January
    });
  });
