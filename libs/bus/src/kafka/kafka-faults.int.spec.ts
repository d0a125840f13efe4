import { closeSync, ftruncateSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type NativeKafka, nativeKafkaProblem, silentLog, startNativeKafka } from '@atelier/platform';
import { eventually, newDataDir } from '@atelier/testing';
import { Ledger } from '../sample-ledger';
import { createKafkaClient } from './kafka-client';
import { Scene, TOPIC, upTo } from './sample-scene';
import { sampleEvents } from './sample-topics';

jest.setTimeout(180_000); // a broker that was killed needs some seconds, and shares the machine

const PATIENCE_MS = 60_000;
const cacheDir = process.env['ATELIER_CACHE_DIR'];
const problem = nativeKafkaProblem(cacheDir);
if (problem !== undefined) console.log(`skipped: ${problem}`);

// A broker of this file alone: it is killed, frozen, and its files are cut.
(problem === undefined ? describe : describe.skip)('where a broker fails', () => {
  const dataDir = newDataDir('faults');
  let broker: NativeKafka;
  const scenes: Scene[] = [];
  const start = async (): Promise<void> => void (broker = await startNativeKafka({ dataDir, cacheDir }));
  beforeAll(start, 180_000);
  afterAll(async () => {
    await Promise.all(scenes.map((scene) => scene.close()));
    await broker.stop('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  const begin = async (shards = 1, partitions = 1): Promise<{ scene: Scene; ledger: Ledger }> => {
    const scene = await Scene.open(broker.brokers, shards, partitions);
    scenes.push(scene);
    return { scene, ledger: new Ledger() };
  };
  const has = (ledger: Ledger, n: number) => eventually(`${n} events in the ledger`, () => ledger.seen.length >= n, PATIENCE_MS);
  /** What somebody new gets: every position of the shard once and in order, as the log has it. */
  const expectWhole = async (scene: Scene, shard: number, n: number): Promise<void> => {
    const newcomer = new Ledger();
    await scene.bus().subscribe(newcomer.subscription({ group: `newcomer-${shard}` }));
    await eventually(`a newcomer has ${n} events`, () => newcomer.positionsOf(shard).length >= n, PATIENCE_MS);
    expect(newcomer.positionsOf(shard)).toEqual(upTo(n));
    expect(newcomer.idsOf(shard)).toEqual((await scene.source.read(shard, 0, n)).map(({ id }) => id));
  };
  /** One write each, so that a log can be cut between them. */
  const appendOneByOne = async (scene: Scene, n: number): Promise<void> => {
    for (let i = 0; i < n; i++) {
      scene.source.append(0, sampleEvents(1));
      await eventually('it is on the topic', () => scene.isPublished(), PATIENCE_MS);
    }
  };

  // One kill for three installations, because the groups of a killed broker wait for the sessions of their members.
  it('by kill -9: what happens meanwhile waits in the log, lost tails are found and published again, nothing is doubled', async () => {
    const [waiting, cut, cutAlone] = [await begin(2, 2), await begin(), await begin()];
    const losses: object[] = [];
    const publisher = waiting.scene.publisher();
    const bus = waiting.scene.bus();
    const letters: string[] = [];
    await bus.subscribe(waiting.ledger.subscription());
    await bus.subscribeForeign({ topic: `${TOPIC}.dead-letter`, group: 'readers', handle: async (records) => void letters.push(...records.map(({ value }) => value)) });
    for (const shard of [0, 1]) waiting.scene.source.append(shard, sampleEvents(5));
    cut.scene.publisher({ log: { ...silentLog, error: (fields) => void losses.push(fields) } });
    await cut.scene.bus().subscribe(cut.ledger.subscription());
    const gone = cutAlone.scene.publisher();
    await Promise.all([appendOneByOne(cut.scene, 12), appendOneByOne(cutAlone.scene, 10), has(waiting.ledger, 10)]);
    await has(cut.ledger, 12);
    await gone.close();

    await broker.stop('SIGKILL');
    for (const shard of [0, 1]) waiting.scene.source.append(shard, sampleEvents(20));
    await eventually('a publisher that says so', async () => !publisher.isUp() && (await publisher.lag()).every(({ events }) => events === 20), PATIENCE_MS);
    await eventually('consumers that say so', () => !bus.isUp(), PATIENCE_MS);
    cutTail(dataDir, cut.scene.options.topicPrefix + TOPIC, 7);
    cutTail(dataDir, cutAlone.scene.options.topicPrefix + TOPIC, 4);
    await start();

    // Nothing was lost: the topic catches up.
    await has(waiting.ledger, 50);
    for (const shard of [0, 1]) expect(waiting.ledger.positionsOf(shard)).toEqual(upTo(25));
    await waiting.scene.send({ topic: `${TOPIC}.dead-letter`, value: 'later' });
    await eventually('what others write', () => letters.length > 0, PATIENCE_MS);
    expect(letters).toEqual(['later']);
    await eventually('all of them up', () => publisher.isUp() && bus.isUp(), PATIENCE_MS);
    for (const shard of [0, 1]) await expectWhole(waiting.scene, shard, 25);

    // The publisher knows where its topic ended.
    await eventually('the loss is said', () => losses.length > 0, PATIENCE_MS);
    expect(losses[0]).toMatchObject({ topic: TOPIC, shard: 0, upTo: 12 });
    cut.scene.source.append(0, sampleEvents(3));
    await has(cut.ledger, 15);
    expect(cut.ledger.positionsOf(0)).toEqual(upTo(15)); // its own positions dropped what came again
    await expectWhole(cut.scene, 0, 15);

    // A publisher that was away believes its mark and sends the tenth once more; whoever misses what is before it asks.
    cutAlone.scene.publisher();
    await expectWhole(cutAlone.scene, 0, 10);
  });

  // A consumer's offset may lie within what was filled again, behind events that it has not seen: the echo shows it the gap (K8).
  it('to keep its topic, which is deleted and made anew: the log fills it again, and the last event of each shard comes once more', async () => {
    const { scene, ledger } = await begin(2, 1);
    scene.publisher();
    await scene.bus().subscribe(ledger.subscription());
    for (const shard of [0, 1]) scene.source.append(shard, sampleEvents(30));
    await has(ledger, 60);
    const admin = (await createKafkaClient(scene.options, silentLog)).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [scene.options.topicPrefix + TOPIC] });
    scene.source.append(0, sampleEvents(2));
    await eventually('it is gone', async () => !(await admin.listTopics()).includes(scene.options.topicPrefix + TOPIC), PATIENCE_MS);
    await admin.disconnect();
    await scene.topics();
    scene.source.append(1, sampleEvents(2));
    await has(ledger, 64);
    for (const shard of [0, 1]) expect(ledger.positionsOf(shard)).toEqual(upTo(32));
    for (const shard of [0, 1]) await expectWhole(scene, shard, 32);
    const { ids } = await scene.raw('echo');
    const last = await Promise.all([0, 1].map(async (shard) => (await scene.source.read(shard, 31, 1))[0]?.id));
    await eventually('the echo', () => last.every((id) => ids.filter((each) => each === id).length >= 2 && ids.lastIndexOf(id ?? '') >= 64), PATIENCE_MS);
  });

  it('to answer in time, slowly first and then not until it is given up: all goes on where it was', async () => {
    const { scene, ledger } = await begin(2, 2);
    const publisher = scene.publisher();
    await scene.bus().subscribe(ledger.subscription());
    for (let i = 0; i < 15; i++) {
      process.kill(broker.pid, 'SIGSTOP');
      for (const shard of [0, 1]) scene.source.append(shard, sampleEvents(4));
      await new Promise((resolve) => setTimeout(resolve, 150)); // this is the slowness
      process.kill(broker.pid, 'SIGCONT');
      await has(ledger, i * 8);
    }
    await has(ledger, 120);
    process.kill(broker.pid, 'SIGSTOP');
    for (const shard of [0, 1]) scene.source.append(shard, sampleEvents(10));
    await eventually('it is given up', () => !publisher.isUp(), PATIENCE_MS);
    process.kill(broker.pid, 'SIGCONT');
    await has(ledger, 140);
    for (const shard of [0, 1]) expect(ledger.positionsOf(shard)).toEqual(upTo(70));
    for (const shard of [0, 1]) await expectWhole(scene, shard, 70);
  });
});

const OFFSET_BYTES = 8; // of a batch's first offset; its length follows, and counts what comes after it
const LENGTH_BYTES = 4;

/** What the operating system had not written when the machine died: the log of partition 0 ends behind so many batches. Broker and indexes believe the log. */
const cutTail = (dataDir: string, topic: string, batches: number): void => {
  const folder = join(dataDir, 'data', `${topic}-0`);
  const segment = '00000000000000000000.log';
  const bytes = readFileSync(join(folder, segment));
  let end = 0;
  for (let i = 0; i < batches; i++) end += OFFSET_BYTES + LENGTH_BYTES + bytes.readInt32BE(end + OFFSET_BYTES);
  expect(end).toBeLessThan(bytes.length);
  const file = openSync(join(folder, segment), 'r+');
  ftruncateSync(file, end);
  closeSync(file);
  for (const name of readdirSync(folder)) if (/\.(index|timeindex|snapshot)$/.test(name)) rmSync(join(folder, name));
  for (const name of ['recovery-point-offset-checkpoint', 'replication-offset-checkpoint']) rmSync(join(dataDir, 'data', name), { force: true });
};
