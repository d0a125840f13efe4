import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { newDataDir } from '@atelier/testing';
import { Kafka, Partitioners, logLevel } from 'kafkajs';
import { type NativeKafka, nativeKafkaProblem, startNativeKafka } from './native-kafka';

const problem = nativeKafkaProblem();
if (problem !== undefined) console.log(`skipped: ${problem}`);

const clientOf = ({ brokers }: NativeKafka) => new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 60 } });

const produce = async (server: NativeKafka, value: string): Promise<void> => {
  const producer = clientOf(server).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic: 'kept', acks: -1, messages: [{ value }] });
  await producer.disconnect();
};

const consumed = async (server: NativeKafka, count: number): Promise<string[]> => {
  const consumer = clientOf(server).consumer({ groupId: `readers-${randomBytes(6).toString('hex')}` });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: 'kept', fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
      if (values.push(String(message.value)) === count) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return values;
};

(problem === undefined ? describe : describe.skip)('the native Apache Kafka', () => {
  const dataDir = newDataDir('kafka');
  let server: NativeKafka;
  beforeAll(async () => {
    server = await startNativeKafka({ dataDir });
  }, 120_000);
  afterAll(async () => {
    await server.stop('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  it('takes records and hands them out', async () => {
    const admin = clientOf(server).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();
    await produce(server, 'first');
    expect(await consumed(server, 1)).toEqual(['first']);
  }, 60_000);

  it('is adopted by a second start', async () => {
    const second = await startNativeKafka({ dataDir });
    expect([second.brokers, second.pid]).toEqual([server.brokers, server.pid]);
  });

  it('comes back after kill -9 at the same address with what it had acknowledged', async () => {
    const { brokers, pid } = server;
    await server.stop('SIGKILL');
    server = await startNativeKafka({ dataDir });
    expect(server.brokers).toBe(brokers);
    expect(server.pid).not.toBe(pid);
    await produce(server, 'second');
    expect(await consumed(server, 2)).toEqual(['first', 'second']);
  }, 120_000);
});
