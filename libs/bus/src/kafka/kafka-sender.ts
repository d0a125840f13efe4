import { Fault } from '@atelier/contracts';
import type { Log } from '@atelier/platform';
import type { Producer } from 'kafkajs';
import { createKafkaClient, topicOn } from './kafka-client';
import type { KafkaOptions } from './kafka-config';

export type Outgoing = { readonly topic: string; readonly key?: string | Buffer | null; readonly value: string | Buffer | null; readonly headers?: Readonly<Record<string, string>> };

/** Sends single records that are few: dead letters, requests to publish again. Connected when it is first needed, anew after a failure. */
export class KafkaSender {
  private connecting: Promise<Producer> | undefined;

  constructor(
    private readonly options: KafkaOptions,
    private readonly log: Log,
  ) {}

  /** Resolves when all copies are written; a Fault otherwise. */
  async send({ topic, key = null, value, headers = {} }: Outgoing): Promise<void> {
    const connecting = (this.connecting ??= this.connected());
    try {
      const producer = await connecting;
      await producer.send({ topic: topicOn(this.options, topic), acks: -1, messages: [{ key, value, headers: { ...headers } }] });
    } catch (error) {
      await this.leave(connecting);
      throw new Fault(`Kafka did not take a record of ${topic}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    if (this.connecting) await this.leave(this.connecting);
  }

  /** Only who finds first that it failed: each that leaves waits, as one more listener, until all requests of the others have an answer. */
  private async leave(connecting: Promise<Producer>): Promise<void> {
    if (this.connecting !== connecting) return;
    this.connecting = undefined;
    const producer = await connecting.catch(() => undefined); // it never was connected
    await producer?.disconnect().catch(() => undefined); // the broker is away: nothing is owed to it
  }

  private async connected(): Promise<Producer> {
    const { Partitioners } = await import('kafkajs');
    const client = await createKafkaClient(this.options, this.log);
    const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
    await producer.connect();
    return producer;
  }
}
