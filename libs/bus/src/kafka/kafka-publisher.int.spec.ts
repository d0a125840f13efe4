import { Defect } from '@atelier/contracts';
import { silentLog } from '@atelier/platform';
import { eventually, kafkaProblem, testKafka } from '@atelier/testing';
import { Ledger } from '../sample-ledger';
import type { ShardSpan } from '../topic-source.port';
import { createKafkaClient } from './kafka-client';
import { Scene, TOPIC, upTo } from './sample-scene';
import { sampleEvents } from './sample-topics';

jest.setTimeout(90_000); // a broker shares the machine

(kafkaProblem() === undefined ? describe : describe.skip)('a publisher to Kafka', () => {
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

  it('goes on behind its mark after a restart, and sends only the last event of each shard again', async () => {
    await begin(2, 2);
    const events = sampleEvents(6);
    scene.source.append(0, events.slice(0, 3));
    const first = scene.publisher();
    await published();
    await first.close();
    scene.source.append(0, events.slice(3));
    scene.publisher();
    await published();
    const { ids } = await scene.raw('readers');
    await eventually('all records', () => ids.length === 7);
    const [a, b, c, d, e, f] = events.map(({ id }) => id);
    expect(ids).toEqual([a, b, c, c, d, e, f]);
  });

  it('finds what another process appended without a hint', async () => {
    await begin(1, 1);
    scene.publisher({ source: scene.sourceWith({ onAppend: () => () => undefined }) });
    await scene.bus().subscribe(ledger.subscription());
    for (let n = 1; n <= 3; n++) {
      scene.source.append(0, sampleEvents(1));
      await has(n);
    }
  });

  it('is harmless beside another one of the same log', async () => {
    await begin(2, 1);
    scene.publisher();
    scene.publisher();
    await scene.bus().subscribe(ledger.subscription());
    for (let i = 0; i < 50; i++) {
      scene.source.append(i % 2, sampleEvents(3));
      if (i % 10 === 0) await published();
    }
    await has(150);
    for (const shard of [0, 1]) expect(ledger.positionsOf(shard)).toEqual(upTo(75));
  });

  it('publishes the shards that its process owns, and takes over others from their mark', async () => {
    await begin(2, 2);
    let owned = [0];
    scene.publisher({ owns: (shard) => owned.includes(shard) });
    scene.source.append(0, sampleEvents(2));
    scene.source.append(1, sampleEvents(2));
    await scene.bus().subscribe(ledger.subscription());
    await has(2);
    expect(ledger.positionsOf(1)).toEqual([]);
    owned = [0, 1];
    await has(4);
    expect(ledger.positionsOf(1)).toEqual([1, 2]);
  });

  it('sends more than a broker takes at once', async () => {
    await begin(2, 1);
    for (const shard of [0, 1]) scene.source.append(shard, sampleEvents(100, 40_000));
    scene.source.append(0, sampleEvents(1, 2_000_000)); // larger than a whole batch of the others
    scene.publisher();
    await scene.bus().subscribe(ledger.subscription());
    await has(201);
    expect(ledger.positionsOf(0)).toEqual(upTo(101));
  });

  it('holds the shard of a record that the broker refuses for its size, says so, and lets the others go on', async () => {
    await begin(3, 2);
    const admin = (await createKafkaClient(scene.options, silentLog)).admin();
    await admin.connect();
    const limited = async (bytes: number): Promise<void> =>
      void (await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: scene.options.topicPrefix + TOPIC, configEntries: [{ name: 'max.message.bytes', value: String(bytes) }] }] }));
    await limited(20_000);
    const [before, tooLarge, behind] = [sampleEvents(30, 500), sampleEvents(1, 30_000), sampleEvents(5)];
    scene.source.append(0, [...before, ...tooLarge, ...behind]);
    for (const shard of [1, 2]) scene.source.append(shard, sampleEvents(10)); // 2 shares the partition of 0
    const errors: object[] = [];
    const publisher = scene.publisher({ log: { ...silentLog, error: (fields) => void errors.push(fields) } });
    await scene.bus().subscribe(ledger.subscription());
    await has(50);
    for (const shard of [1, 2]) scene.source.append(shard, sampleEvents(10));
    await has(70);
    expect([0, 1, 2].map((shard) => ledger.positionsOf(shard).length)).toEqual([30, 20, 20]);
    expect((await publisher.lag()).map(({ shard, events, isHeld }) => [shard, events, isHeld])).toEqual([[0, 6, true], [1, 0, false], [2, 0, false]]);
    expect(errors).toContainEqual(expect.objectContaining({ topic: TOPIC, shard: 0, pos: 31 }));
    await limited(100_000);
    await admin.disconnect();
    await has(76);
    expect(ledger.positionsOf(0)).toEqual(upTo(36));
  });

  it('holds a shard whose log has a gap, and no other', async () => {
    await begin(2, 1);
    scene.source.append(0, sampleEvents(3));
    scene.source.append(1, sampleEvents(3));
    let isMissing = true;
    const gapped = scene.sourceWith({
      read: async (shard: number, after: number, limit: number) => (await scene.source.read(shard, after, limit)).filter(({ pos }) => !(isMissing && shard === 0 && pos === 2)),
    });
    scene.publisher({ source: gapped });
    await scene.bus().subscribe(ledger.subscription());
    await has(4);
    expect(ledger.positionsOf(0)).toEqual([1]);
    isMissing = false;
    await has(6);
    expect(ledger.positionsOf(0)).toEqual([1, 2, 3]);
  });

  it.each([['shard by shard', false], ['all shards at once', true]])('holds a shard whose log this version cannot read, and no other: read %s', async (_, isTogether) => {
    await begin(2, 1);
    scene.source.append(0, sampleEvents(3));
    scene.source.append(1, sampleEvents(3));
    let isNewer = true;
    const read = (shard: number, after: number, limit: number) => (isNewer && shard === 0 ? Promise.reject(new Defect('a newer version wrote it')) : scene.source.read(shard, after, limit));
    const readShards = (spans: readonly ShardSpan[]) => Promise.all(spans.map(({ shard, after, limit }) => read(shard, after, limit)));
    const newer = scene.sourceWith(isTogether ? { read, readShards } : { read });
    scene.publisher({ source: newer });
    await scene.bus().subscribe(ledger.subscription());
    await has(3);
    expect([ledger.positionsOf(0), ledger.positionsOf(1)]).toEqual([[], [1, 2, 3]]);
    isNewer = false;
    await has(6);
    expect(ledger.positionsOf(0)).toEqual([1, 2, 3]);
  });
});
