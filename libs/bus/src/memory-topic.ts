import type { PublicEvent, TopicName } from '@atelier/contracts';
import type { TopicSource } from './topic-source.port';

/** An event before its log numbered it. */
export type Unnumbered = {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time: string;
  readonly meta?: Record<string, unknown>;
  readonly data: Record<string, unknown>;
};

/** A publishing context in memory, for systems that live as long as a test. */
export class MemoryTopic implements TopicSource {
  private readonly events: PublicEvent[][];
  private readonly listeners = new Set<(shard: number) => void>();

  constructor(
    readonly topic: TopicName,
    readonly log: string,
    readonly shards = 1,
  ) {
    this.events = Array.from({ length: shards }, () => []);
  }

  append(shard: number, events: readonly Unnumbered[]): readonly PublicEvent[] {
    const of = this.of(shard);
    const numbered = events.map(
      (event, i): PublicEvent => ({ ...event, specversion: '1.0', datacontenttype: 'application/json', log: this.log, shard, pos: of.length + i + 1 }),
    );
    of.push(...numbered);
    for (const wake of this.listeners) wake(shard);
    return numbered;
  }

  async read(shard: number, after: number, limit: number): Promise<readonly PublicEvent[]> {
    return this.of(shard).slice(after, after + limit);
  }

  async end(shard: number): Promise<number> {
    return this.of(shard).length;
  }

  onAppend(wake: (shard: number) => void): () => void {
    this.listeners.add(wake);
    return () => void this.listeners.delete(wake);
  }

  private of(shard: number): PublicEvent[] {
    const events = this.events[shard];
    if (!events) throw new RangeError(`expected a shard below ${this.shards}, found ${shard}`);
    return events;
  }
}
