import { Fault } from '@atelier/contracts';
import type { Log } from '@atelier/platform';
import type { Admin, Message, Producer } from 'kafkajs';
import { createKafkaClient, topicOn } from './kafka-client';
import type { KafkaOptions } from './kafka-config';

/** One connected idempotent producer and what it knows of its topic; after a failure the whole is left (K5 of kafka-publisher.ts). */
export class PublisherSession {
  private producer: Producer | undefined;
  private admin: Admin | undefined;
  /** Of the topic, 0 until it is open; they never change while the topic lives. */
  partitions = 0;

  constructor(
    private readonly options: KafkaOptions,
    private readonly topic: string,
    private readonly log: Log,
  ) {}

  async open(): Promise<void> {
    const { Partitioners } = await import('kafkajs');
    const client = await createKafkaClient(this.options, this.log);
    this.admin = client.admin();
    await this.admin.connect();
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [this.name] });
    this.partitions = topics[0]?.partitions.length ?? 0;
    if (this.partitions === 0) throw new Fault(`expected a topic ${this.name}, found none: make the topics first`);
    this.producer = client.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      idempotent: true,
      maxInFlightRequests: 1, // kafkajs keeps no order with more
      retry: { retries: 1 }, // the least that it takes: with each of them a broker that answers nothing is waited for once more
    });
    await this.producer.connect();
  }

  /** Sends all of it at once. Resolves when all copies in sync are written: the offset of the first record for each partition. */
  async send(messages: readonly Message[]): Promise<ReadonlyMap<number, bigint>> {
    if (!this.producer) throw new Fault('expected an open session');
    const answers = await this.producer.sendBatch({ acks: -1, topicMessages: [{ topic: this.name, messages: [...messages] }] });
    return new Map(answers.map(({ partition, baseOffset }) => [partition, BigInt(baseOffset ?? 0)]));
  }

  /** Where each partition ends now. */
  async ends(): Promise<readonly { readonly partition: number; readonly end: bigint }[]> {
    const offsets = (await this.admin?.fetchTopicOffsets(this.name)) ?? [];
    return offsets.map(({ partition, high }) => ({ partition, end: BigInt(high) }));
  }

  /** Says goodbye where anybody still listens. */
  async close(): Promise<void> {
    for (const part of [this.producer, this.admin]) await part?.disconnect().catch((error: unknown) => this.log.debug({ topic: this.name, err: error }, 'the broker heard no goodbye'));
  }

  private get name(): string {
    return topicOn(this.options, this.topic);
  }
}
