import { Fault, type PublicEvent, TOPICS } from '@atelier/contracts';
import type { Log } from '@atelier/platform';
import { type ShardSpan, type TopicSource, readShards } from '../topic-source.port';
import { type Place, type Read, denseOf, fittingOf } from './publisher-place';
import type { Refusals } from './refusals';

const SHARD_EVENTS_MAX = 500; // of one shard in one send
const SEND_EVENTS_MAX = 4_000; // of all of them, so that what piled up during an outage is not in memory at once

/** Reads what the next send of a publisher has. All shards are read by one question: a question each costs more than all else that a publisher does. */
export class PublisherReads {
  constructor(
    private readonly source: TopicSource,
    private readonly refusals: Refusals,
    private readonly log: Log,
  ) {}

  async next(places: readonly (readonly [number, Place])[], partitions: number): Promise<readonly Read[]> {
    const { topic } = this.source;
    const grown = places.filter(([, { mayHaveMore }]) => mayHaveMore);
    const admitted = new Set(this.refusals.admitted(grown.map(([shard]) => shard), performance.now()));
    const asked = grown.filter(([shard]) => admitted.has(shard));
    const usual = Math.max(1, Math.min(SHARD_EVENTS_MAX, Math.floor(SEND_EVENTS_MAX / Math.max(1, asked.length))));
    const spans = asked.map(([shard, place]) => ({ shard, after: place.sent, limit: this.refusals.mostOf(shard, usual) }));
    const found = await this.found(spans);
    const room = new Map<number, number>();
    const reads: Read[] = [];
    asked.forEach(([shard, place], i) => {
      const events = denseOf(found[i] ?? [], place, (problem, fields) => this.log.error({ topic, shard, ...fields }, problem)); // K1
      const records = fittingOf(events, TOPICS[topic].key, room, partitions);
      place.mayHaveMore = records.length < events.length || events.length === spans[i]?.limit;
      const last = events[records.length - 1];
      if (last) reads.push({ shard, place, records, after: place.sent, last: last.pos });
    });
    return reads;
  }

  // One that cannot be read keeps all of them from being read together, so each is read by itself then.
  private async found(spans: readonly ShardSpan[]): Promise<readonly (readonly PublicEvent[])[]> {
    if (spans.length === 0) return [];
    try {
      return await readShards(this.source, spans);
    } catch (error) {
      if (error instanceof Fault) throw error;
      return Promise.all(spans.map((span) => this.readOne(span)));
    }
  }

  // What a newer version wrote, and this one cannot read, holds its shard alone.
  private async readOne({ shard, after, limit }: ShardSpan): Promise<readonly PublicEvent[]> {
    try {
      return await this.source.read(shard, after, limit);
    } catch (error) {
      if (error instanceof Fault) throw error;
      this.log.error({ topic: this.source.topic, shard, after, err: error }, 'the log cannot be read; the shard is held');
      return [];
    }
  }
}
