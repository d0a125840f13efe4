import { Fault } from '@atelier/contracts';
import { silentLog, systemClock } from '@atelier/platform';
import { eventually, kafkaProblem, testKafka } from '@atelier/testing';
import { Ledger } from '../sample-ledger';
import type { ForeignRecord } from './foreign.port';
import { type KafkaBus, createKafkaBus } from './kafka-bus';
import { createKafkaClient } from './kafka-client';
import { Scene, TOPIC, upTo } from './sample-scene';
import { sampleEvents, sampleTopics } from './sample-topics';

jest.setTimeout(90_000); // a member that is missed costs a session of ten seconds

(kafkaProblem() === undefined ? describe : describe.skip)('over Kafka', () => {
  let brokers: string;
  let scene: Scene;
  let ledger: Ledger;
  beforeAll(async () => void (brokers = (await testKafka()) as string), 180_000);
  afterEach(() => scene?.close());
  const begin = async (shards: number, partitions: number): Promise<void> => {
    scene = await Scene.open(brokers, shards, partitions);
    ledger = new Ledger();
  };
  const published = () => eventually('every event on the topic', () => scene.isPublished(), 60_000);
  const has = (n: number) => eventually(`${n} events in the ledger`, () => ledger.seen.length >= n, 60_000);
  const lettersOn = async (bus: KafkaBus): Promise<readonly ForeignRecord[]> => {
    const letters: ForeignRecord[] = [];
    await bus.subscribeForeign({ topic: `${TOPIC}.dead-letter`, group: 'readers', handle: async (records) => void letters.push(...records) });
    return letters;
  };

  describe('a consumer', () => {
    it('finds a gap, and what is missing is published again', async () => {
      await begin(2, 1);
      scene.source.append(0, sampleEvents(5));
      scene.source.append(1, sampleEvents(1));
      const first = scene.publisher({ owns: (shard) => shard === 1 });
      await eventually('the other shard', async () => (await scene.positions.of('flows', 1)) === 1, 30_000);
      await first.close();
      await scene.positions.passed([{ log: 'flows', shard: 0, pos: 5 }]); // marked, and yet not there
      await scene.bus().subscribe(ledger.subscription());
      scene.publisher();
      await has(6);
      expect(ledger.positionsOf(0)).toEqual(upTo(5));
    });

    it('asks until a publisher is there, and says meanwhile that it stands still', async () => {
      await begin(1, 1);
      scene.source.append(0, sampleEvents(4));
      const first = scene.publisher();
      await published();
      await first.close();
      ledger.positions.set('flows 0', 2);
      const bus = scene.bus();
      await scene.positions.passed([{ log: 'flows', shard: 0, pos: 6 }]);
      scene.source.append(0, sampleEvents(2));
      await scene.send({ value: JSON.stringify((await scene.source.read(0, 5, 1))[0]) });
      await bus.subscribe(ledger.subscription());
      await eventually('a shard that stands still', async () => (await bus.lag()).some(({ failures, events }) => failures > 1 && events === 2), 30_000);
      expect(ledger.positionsOf(0)).toEqual([3, 4]);
      scene.publisher();
      await has(4);
      expect(ledger.positionsOf(0)).toEqual([3, 4, 5, 6]);
      expect((await bus.lag())[0]).toMatchObject({ failures: 0, events: 0 });
    });

    it('shares the shards with others of its group', async () => {
      await begin(8, 8);
      scene.publisher();
      const tellers = [new Set<number>(), new Set<number>()];
      for (const shards of tellers) {
        await scene.bus().subscribe(ledger.subscription({ handle: async (batch) => (shards.add(batch.shard), ledger.store(batch)) }));
      }
      let appended = 0;
      await eventually('both at work', () => {
        for (const each of tellers) each.clear();
        for (let shard = 0; shard < 8; shard++) scene.source.append(shard, sampleEvents(1));
        appended++;
        return eventually('the round', () => ledger.seen.length === appended * 8, 30_000).then(() => tellers.every(({ size }) => size === 4));
      }, 60_000);
      for (let shard = 0; shard < 8; shard++) expect(ledger.positionsOf(shard)).toEqual(upTo(appended));
    });

    it('may believe in a shard that was taken from it: the store drops what it stores too late', async () => {
      await begin(1, 1);
      scene.publisher();
      let open: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (open = resolve));
      let isHeld = false;
      let isDone = false;
      await scene.bus().subscribe(
        ledger.subscription({
          handle: async (batch) => {
            isHeld = true;
            await gate; // longer than a session: the group takes this member for dead
            ledger.store(batch);
            isDone = true;
          },
        }),
      );
      scene.source.append(0, sampleEvents(3));
      await eventually('the zombie', () => isHeld, 30_000);
      await scene.bus().subscribe(ledger.subscription());
      await has(3);
      scene.source.append(0, sampleEvents(2));
      await has(5);
      open();
      await eventually('the late store', () => isDone);
      scene.source.append(0, sampleEvents(2));
      await has(7);
      expect(ledger.positionsOf(0)).toEqual(upTo(7));
    });

    it('goes on where the group changes while it handles', async () => {
      await begin(4, 4);
      scene.publisher();
      const slowly = { handle: async (batch: Parameters<Ledger['store']>[0]) => void (await new Promise((resolve) => setTimeout(resolve, 20)), ledger.store(batch)) };
      await scene.bus().subscribe(ledger.subscription(slowly));
      const coming: Promise<unknown>[] = [];
      for (let i = 0; i < 120; i++) {
        for (let shard = 0; shard < 4; shard++) scene.source.append(shard, sampleEvents(1));
        if (i % 40 === 20) coming.push(scene.bus().subscribe(ledger.subscription(slowly)));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await Promise.all(coming);
      await has(480);
      for (let shard = 0; shard < 4; shard++) expect(ledger.positionsOf(shard)).toEqual(upTo(120));
    });

    it('puts a poisoned event on the topic of dead letters, as it was and with its story', async () => {
      await begin(2, 1);
      scene.publisher();
      const bus = scene.bus();
      const letters = await lettersOn(bus);
      const events = sampleEvents(20);
      await bus.subscribe(
        ledger.subscription({
          handle: async (batch) => {
            if (batch.messages.some(({ id }) => id === events[7]?.id)) throw new TypeError('cannot read this');
            ledger.store(batch);
          },
        }),
      );
      scene.source.append(0, events);
      await has(19);
      await eventually('the letter', () => letters.length === 1, 30_000);
      expect(letters[0]?.headers).toMatchObject({ 'atelier-topic': TOPIC, 'atelier-group': 'ledger', 'atelier-reason': 'TypeError: cannot read this' });
      expect(JSON.parse(letters[0]?.value ?? '')).toEqual((await scene.source.read(0, 7, 1))[0]);
      expect(ledger.letters).toMatchObject([{ event: { pos: 8 } }]);
    });

    it('puts aside what is no event, and goes on', async () => {
      await begin(1, 1);
      scene.publisher();
      const bus = scene.bus();
      const letters = await lettersOn(bus);
      await bus.subscribe(ledger.subscription());
      await scene.send({ value: 'no json' }, { value: '{"specversion":"1.0"}' }, { value: null });
      scene.source.append(0, sampleEvents(2));
      await has(2);
      await eventually('the letters', () => letters.length === 3, 30_000);
      expect(letters.map(({ value }) => value)).toEqual(['no json', '{"specversion":"1.0"}', '']);
    });
  });

  describe('records of others', () => {
    const send = (...values: readonly string[]): Promise<void> => scene.send(...values.map((value) => ({ key: 'k', value, headers: { note: 'n' } })));
    const loseOffsets = async (group: string, offset = '1000'): Promise<void> => {
      const admin = (await createKafkaClient(scene.options, silentLog)).admin();
      await admin.connect();
      const { topicPrefix } = scene.options;
      await admin.setOffsets({ groupId: `${topicPrefix}atelier.${group}.flows.events`, topic: topicPrefix + TOPIC, partitions: [{ partition: 0, offset }] });
      await admin.disconnect();
    };

    it('come in order, wait while the world fails, and are not repeated to the next process', async () => {
      await begin(1, 1);
      await send('a', 'b', 'c');
      const values: string[] = [];
      let tries = 0;
      const handle = async (records: readonly ForeignRecord[]): Promise<void> => {
        if (++tries < 4) throw new Fault('the database is away');
        values.push(...records.map(({ value }) => value));
      };
      const first = scene.bus();
      const stop = await first.subscribeForeign({ topic: TOPIC, group: 'takers', handle });
      await eventually('the records', () => values.length === 3, 60_000);
      await stop();
      await send('d');
      await scene.bus().subscribeForeign({ topic: TOPIC, group: 'takers', handle });
      await eventually('the next record', () => values.length === 4, 60_000);
      expect(values).toEqual(['a', 'b', 'c', 'd']);
    });

    it('that were handled are passed over when offsets are lost and their keys may be forgotten; what never was handled is not', async () => {
      scene = new Scene(brokers, 1, 1);
      await sampleTopics(scene.options, TOPIC, 1, 'LogAppendTime');
      await send('a', 'b', 'c');
      const times = new Map<string, number>();
      const values: string[] = [];
      const taking = async (group: string, laterMs = 0) => {
        const bus = createKafkaBus(scene.options, silentLog, { retryMs: 10, clock: { ...systemClock, nowMs: () => systemClock.nowMs() + laterMs } });
        const readTimes = {
          rememberedMs: 24 * 3_600_000,
          of: async () => times.get(group) ?? 0,
          passed: async (_: number, atMs: number) => void times.set(group, Math.max(atMs, times.get(group) ?? 0)),
        };
        values.splice(0);
        await bus.subscribeForeign({ topic: TOPIC, group, handle: async (records) => void values.push(...records.map(({ value }) => value)), readTimes });
        return bus;
      };
      const taken = async (group: string, laterMs: number, ...expected: string[]): Promise<number> => {
        const bus = await taking(group, laterMs);
        await eventually('the records', () => values.length >= expected.length && bus.foreignLag()[0]?.records === 0, 60_000);
        const repeats = bus.foreignLag()[0]?.repeats ?? NaN;
        await bus.close();
        expect(values).toEqual(expected);
        return repeats;
      };
      const DAYS_MS = 2 * 24 * 3_600_000;
      expect(await taken('takers', 0, 'a', 'b', 'c')).toBe(0);
      await send('d');
      await loseOffsets('takers'); // as where the broker lost a tail: what the group has points behind the end
      expect(await taken('takers', DAYS_MS, 'd')).toBe(3);
      await loseOffsets('takers');
      expect(await taken('takers', 0, 'a', 'b', 'c', 'd')).toBe(0); // their keys know them
      expect(await taken('newcomers', DAYS_MS, 'a', 'b', 'c', 'd')).toBe(0); // they waited for days
    });

    it('that got offsets which were given out before are read: offsets say nothing after a lost tail', async () => {
      scene = new Scene(brokers, 1, 1);
      await sampleTopics(scene.options, TOPIC, 1, 'LogAppendTime');
      await send('a', 'b', 'c');
      let readMs = 0;
      const readTimes = { rememberedMs: 24 * 3_600_000, of: async () => readMs, passed: async (_: number, atMs: number) => void (readMs = Math.max(readMs, atMs)) };
      const values: string[] = [];
      const taking = () => scene.bus().subscribeForeign({ topic: TOPIC, group: 'takers', handle: async (records) => void values.push(...records.map(({ value }) => value)), readTimes });
      const stop = await taking();
      await eventually('the first records', () => values.length === 3, 60_000);
      await stop();
      await send('d', 'e', 'f');
      await loseOffsets('takers', '6'); // what was handled lay behind c, and was lost; d to f have its places
      await taking();
      await eventually('the records behind the loss', () => values.length >= 6, 60_000);
      expect(values).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    });

    it('that cannot be handled go to the dead letters alone', async () => {
      await begin(1, 1);
      await send(...Array.from({ length: 10 }, (_, i) => `record ${i}`));
      const values: string[] = [];
      const told: string[] = [];
      const bus = scene.bus();
      const letters = await lettersOn(bus);
      await bus.subscribeForeign({
        topic: TOPIC,
        group: 'takers',
        handle: async (records) => {
          if (records.some(({ value }) => value === 'record 4')) throw new RangeError('too much');
          values.push(...records.map(({ value }) => value));
        },
        deadLetter: async ({ reason }) => void told.push(reason),
      });
      await eventually('the letter', () => letters.length === 1 && values.length === 9, 60_000);
      expect(letters[0]).toMatchObject({ key: 'k', value: 'record 4', headers: { 'atelier-reason': 'RangeError: too much', 'atelier-partition': '0', 'atelier-offset': '4' } });
      expect(values).not.toContain('record 4');
      expect(told).toEqual(['RangeError: too much']);
      expect(bus.foreignLag().find(({ topic }) => topic === TOPIC)).toMatchObject({ deadLetters: 1, failures: 0 });
    });
  });
});
