import { silentLog } from '@atelier/platform';
import { MemoryTopic } from '../memory-topic';
import type { TopicSource } from '../topic-source.port';
import { type KafkaBus, createKafkaBus } from './kafka-bus';
import { type KafkaPublisher, type PublisherOptions, publishToKafka } from './kafka-publisher';
import { type Outgoing, KafkaSender } from './kafka-sender';
import { MemoryPositions } from './published-positions';
import { sampleOptions, sampleTopics } from './sample-topics';

export const TOPIC = 'atelier.flows.events';

/** The positions of a shard that is whole. */
export const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

/** A context with its log, its publishers and its consumers, over one topic of its own on a broker. */
export class Scene {
  readonly options;
  readonly source;
  readonly positions = new MemoryPositions();
  private readonly parts: { close(): Promise<void> }[] = [];

  constructor(
    brokers: string,
    readonly shards: number,
    readonly partitions: number,
  ) {
    this.options = sampleOptions(brokers);
    this.source = new MemoryTopic(TOPIC, 'flows', shards);
  }

  /** A scene with its topic. */
  static async open(brokers: string, shards: number, partitions: number): Promise<Scene> {
    const scene = new Scene(brokers, shards, partitions);
    await scene.topics();
    return scene;
  }

  topics(): Promise<void> {
    return sampleTopics(this.options, TOPIC, this.partitions);
  }

  publisher(over: Partial<PublisherOptions> = {}): KafkaPublisher {
    const publisher = publishToKafka({ options: this.options, source: this.source, positions: this.positions, log: silentLog, ...over });
    this.parts.push(publisher);
    return publisher;
  }

  bus(): KafkaBus {
    const bus = createKafkaBus(this.options, silentLog, { retryMs: 10 });
    this.parts.push(bus);
    return bus;
  }

  /** Its log, but for what it does otherwise. */
  sourceWith(otherwise: Partial<TopicSource>): TopicSource {
    return Object.assign(Object.create(this.source) as MemoryTopic, otherwise);
  }

  /** Writes records as somebody else would, to its topic unless they name another. */
  async send(...records: readonly (Omit<Outgoing, 'topic'> & { readonly topic?: string })[]): Promise<void> {
    const sender = new KafkaSender(this.options, silentLog);
    for (const record of records) await sender.send({ topic: TOPIC, ...record });
    await sender.close();
  }

  /** Whether every event of the log is on the topic, as far as its publishers know. */
  async isPublished(): Promise<boolean> {
    for (let shard = 0; shard < this.shards; shard++) if ((await this.positions.of('flows', shard)) < (await this.source.end(shard))) return false;
    return true;
  }

  /** The records as they lie on the topic, from its start, as somebody reads them who knows nothing of positions. */
  async raw(group: string): Promise<{ readonly ids: string[] }> {
    const ids: string[] = [];
    const handle = async (records: readonly { value: string }[]): Promise<void> => void ids.push(...records.map(({ value }) => (JSON.parse(value) as { id: string }).id));
    await this.bus().subscribeForeign({ topic: TOPIC, group, handle });
    return { ids };
  }

  async close(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.close()));
  }
}
