import { type Kafka, type Producer, Kafka as KafkaClient, Partitioners, logLevel } from 'kafkajs';

const TRIES = { initialRetryTime: 100, retries: 2 }; // whoever sends decides about trying again
const RESULTS_MS = 120_000;

/** What another service does: it writes records to a topic, and reads what comes back. A producer that failed is not used again. */
export class RecordProducer {
  private readonly kafka: Kafka;
  private connecting: Promise<Producer> | undefined;

  constructor(
    brokers: string,
    private readonly topicPrefix: string,
  ) {
    this.kafka = new KafkaClient({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING, retry: TRIES, connectionTimeout: 2_000, requestTimeout: 10_000 });
  }

  /** Resolves when the broker has it; otherwise nobody knows. */
  send(topic: string, key: string, record: object): Promise<void> {
    return this.sendAll(topic, [{ key, value: JSON.stringify(record) }]);
  }

  /** The same of many at once. */
  async sendAll(topic: string, messages: { readonly key: string; readonly value: string }[]): Promise<void> {
    const connecting = (this.connecting ??= this.connected());
    try {
      await (await connecting).send({ topic: this.topicPrefix + topic, acks: -1, messages });
    } catch (error) {
      await this.leave(connecting);
      throw error;
    }
  }

  /** Reads a topic from its beginning until all of these were found, or time is up: what was not found. */
  async missing(topic: string, wanted: ReadonlySet<string>, keyOf: (value: string) => string | undefined): Promise<ReadonlySet<string>> {
    const missing = new Set(wanted);
    const consumer = this.kafka.consumer({ groupId: `${this.topicPrefix}bench-${process.pid}-${Date.now()}` });
    await consumer.connect();
    await consumer.subscribe({ topic: this.topicPrefix + topic, fromBeginning: true });
    const end = performance.now() + RESULTS_MS;
    await consumer.run({ autoCommit: false, eachMessage: async ({ message }) => void missing.delete(keyOf(String(message.value)) ?? '') });
    while (missing.size > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
    await consumer.disconnect();
    return missing;
  }

  async close(): Promise<void> {
    if (this.connecting) await this.leave(this.connecting);
  }

  /** Only who finds first that it failed: each that leaves waits, as one more listener, until all requests of the others have an answer. */
  private async leave(connecting: Promise<Producer>): Promise<void> {
    if (this.connecting !== connecting) return;
    this.connecting = undefined;
    await left(connecting);
  }

  private async connected(): Promise<Producer> {
    const producer = this.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
    await producer.connect();
    return producer;
  }
}

const left = async (connecting: Promise<Producer>): Promise<void> => {
  const producer = await connecting.catch(() => undefined); // it never was connected
  await producer?.disconnect().catch(() => undefined); // the broker is away: nothing is owed to it
};
