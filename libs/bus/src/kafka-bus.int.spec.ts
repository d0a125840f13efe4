import { silentLog } from '@atelier/platform';
import { eventually, kafkaProblem, testKafka } from '@atelier/testing';
import { busContract } from './bus.contract';
import { type KafkaBus, createKafkaBus } from './kafka/kafka-bus';
import { publishToKafka } from './kafka/kafka-publisher';
import { MemoryPositions } from './kafka/published-positions';
import { sampleOptions, sampleTopics } from './kafka/sample-topics';
import { MemoryTopic } from './memory-topic';

const TOPIC = 'atelier.flows.events';

const problem = kafkaProblem();
jest.setTimeout(60_000); // joining a group takes a second, and the broker shares the machine

/** Both shards lie in one partition where there is one. */
const overKafka = (partitions: number) => async () => {
  const options = sampleOptions((await testKafka()) as string);
  await sampleTopics(options, TOPIC, partitions);
  const source = new MemoryTopic(TOPIC, 'flows', 2);
  const positions = new MemoryPositions();
  const publisher = publishToKafka({ options, source, positions, log: silentLog });
  const make = (): KafkaBus => createKafkaBus(options, silentLog, { retryMs: 10, batchEventsMax: 100 });
  const buses = [make()];
  return {
    bus: buses[0] as KafkaBus,
    publish: async (shard: number, events: Parameters<MemoryTopic['append']>[1]) => {
      const last = source.append(shard, events).at(-1)?.pos ?? 0;
      await eventually('the events on the topic', async () => (await positions.of('flows', shard)) >= last, 30_000);
    },
    restart: async () => {
      await buses[0]?.close();
      buses.push(make());
      return buses[1] as KafkaBus;
    },
    another: () => {
      buses.push(make());
      return buses.at(-1) as KafkaBus;
    },
    close: async () => void (await Promise.all([publisher.close(), ...buses.map((bus) => bus.close())])),
  };
};

if (problem === undefined) {
  busContract('the bus over Kafka, shards in one partition', overKafka(1));
  busContract('the bus over Kafka, a partition for each shard', overKafka(2));
} else {
  describe.skip('the bus over Kafka', () => it('keeps the contract of a bus', () => undefined));
}
