/** Where a publisher stands in each of the shards that it publishes, and what makes it go back (K3, K4 and K8 of kafka-publisher.ts). */
import { type Log } from '@atelier/platform';
import type { TopicSource } from '../topic-source.port';
import type { PublishedPositions } from './published-positions';
import { type Place, placeAt } from './publisher-place';
import { requestOf } from './republish';

export type PlacesOptions = {
  readonly source: TopicSource;
  readonly positions: PublishedPositions;
  readonly log: Log;
  readonly owns?: (shard: number) => boolean;
  /** There is something to send. */
  readonly wake: () => void;
};

const ECHO_MS = 5_000; // consumers have fetched from the topic as it is now

export class PublisherPlaces {
  private readonly places = new Map<number, Place>();

  constructor(private readonly given: PlacesOptions) {}

  /** Takes what this process owns by now and leaves what it does not; answers what it has left. */
  async own(): Promise<readonly number[]> {
    const { source, positions, owns = () => true } = this.given;
    const left: number[] = [];
    for (let shard = 0; shard < source.shards; shard++) {
      if (!owns(shard)) {
        if (this.places.delete(shard)) left.push(shard);
      } else if (!this.places.has(shard)) this.places.set(shard, placeAt(await positions.of(source.log, shard)));
    }
    return left;
  }

  get all(): readonly (readonly [number, Place])[] {
    return [...this.places];
  }

  grown(shard: number): void {
    const place = this.places.get(shard);
    if (place) place.mayHaveMore = true;
    this.given.wake();
  }

  /** Any of them may have grown. */
  allGrown(): void {
    for (const place of this.places.values()) place.mayHaveMore = true;
  }

  /** A consumer's request. While what was asked for is being sent, further requests for it are answered by that. */
  asked(value: Buffer | null): void {
    const request = requestOf(value);
    const { source, log } = this.given;
    const place = request && request.topic === source.topic && request.log === source.log ? this.places.get(request.shard) : undefined;
    if (!request || !place || request.after >= place.sent) return;
    if (place.sent < place.again && request.after >= place.from) return;
    log.warn({ topic: source.topic, log: source.log, shard: request.shard, after: request.after, upTo: place.sent }, 'events are published again: a consumer missed them');
    this.rewind(place, request.after);
  }

  /** A partition has lost records; `before`: where its shards stood in front of them, empty: it lost all of them. */
  lost(partition: number, before: ReadonlyMap<number, number>, partitions: number): void {
    for (const [shard, place] of this.places) {
      if (shard % partitions !== partition) continue;
      const after = before.size === 0 ? 0 : before.get(shard);
      if (after === undefined || after >= place.sent) continue;
      const { topic, log } = this.given.source;
      this.given.log.error({ topic, log, shard, partition, after, upTo: place.sent }, 'the broker lost records; they are published again');
      this.rewind(place, after);
      place.echoAt = performance.now() + ECHO_MS;
    }
  }

  /** K8. */
  echo(): void {
    for (const place of this.places.values()) {
      if (performance.now() < place.echoAt || place.sent < place.again) continue;
      place.echoAt = Infinity;
      this.rewind(place, place.sent - 1);
    }
  }

  /** Stores how far the broker has acknowledged. What cannot be stored is stored with the next; until then a restart would send more than it must. */
  async mark(): Promise<void> {
    const { source, positions, log } = this.given;
    const passed = this.all.filter(([, { sent, mark }]) => sent > mark).map(([shard, place]) => ({ place, log: source.log, shard, pos: place.sent }));
    if (passed.length === 0) return;
    try {
      await positions.passed(passed);
    } catch (error) {
      return log.warn({ topic: source.topic, err: error }, 'what was published could not be marked');
    }
    for (const { place, pos } of passed) place.mark = pos;
  }

  private rewind(place: Place, after: number): void {
    if (after >= place.sent) return;
    place.again = Math.max(place.again, place.sent);
    place.from = after;
    place.sent = after;
    place.mayHaveMore = true;
    this.given.wake();
  }
}
