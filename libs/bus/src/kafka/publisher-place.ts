/** Where a publisher stands in one shard, and what of it the next send has. */
import type { PublicEvent } from '@atelier/contracts';
import type { Clock } from '@atelier/platform';
import type { TopicSource } from '../topic-source.port';
import { type OutgoingRecord, recordOf } from './records';

/**
 * `sent`: the last position on the topic as far as this process knows; `mark`: what the store was told; `from` and `again`: what is sent a second time;
 * `hasGap`: the log does not go on where it should; `echoAt`: when its last event is sent once more (K8), on the monotonic clock.
 */
export type Place = { sent: number; mark: number; from: number; again: number; mayHaveMore: boolean; hasGap: boolean; echoAt: number };

/** K3: behind the mark, and its last event again. */
export const placeAt = (mark: number): Place => ({ sent: Math.max(0, mark - 1), mark, from: 0, again: mark, mayHaveMore: true, hasGap: false, echoAt: Infinity });

/** Events of one shard on their way. */
export type Read = { readonly shard: number; readonly place: Place; readonly records: readonly OutgoingRecord[]; readonly after: number; readonly last: number };

const PARTITION_BYTES_MAX = 900_000; // of one partition in one send: brokers refuse larger batches by default

/** As many as one send takes; `room` counts what each partition has left. One event always fits where nothing else is in its partition: topics of ours take larger records than a send usually has. */
export const fittingOf = (events: readonly PublicEvent[], key: string, room: Map<number, number>, partitions: number): OutgoingRecord[] => {
  const records: OutgoingRecord[] = [];
  for (const event of events) {
    const record = recordOf(event, key, partitions);
    const left = room.get(record.partition) ?? PARTITION_BYTES_MAX;
    const bytes = Buffer.byteLength(record.value);
    if (bytes > left && left < PARTITION_BYTES_MAX) break;
    room.set(record.partition, left - bytes);
    records.push(record);
  }
  return records;
};

/** What follows, and where it ends. Nothing behind a gap is sent; but what a consumer asked for and the log no longer has cannot be sent again, and holds up nothing. */
export const denseOf = (events: readonly PublicEvent[], place: Place, say: (problem: string, fields: object) => void): readonly PublicEvent[] => {
  const [first] = events;
  if (first && first.pos !== place.sent + 1 && place.sent < place.again) {
    say('the log begins behind what has to be published again', { after: place.sent, first: first.pos });
    return events;
  }
  const broken = events.findIndex(({ pos }, i) => pos !== place.sent + i + 1);
  place.hasGap = broken >= 0;
  if (!place.hasGap) return events;
  say('the log has a gap; the shard is held', { expected: place.sent + broken + 1, found: events[broken]?.pos });
  return events.slice(0, broken);
};

/** How far the topic is behind one shard of the log: events that it does not have yet, and the age of the oldest of them in seconds. */
export type PublisherLag = {
  readonly topic: string;
  readonly log: string;
  readonly shard: number;
  readonly events: number;
  readonly seconds: number;
  /** It cannot go on by itself: the broker refuses its next record, or its log has a gap. */
  readonly isHeld: boolean;
};

export const lagOf = async (source: TopicSource, shard: number, { sent, mark, hasGap }: Place, clock: Clock, isRefused: boolean): Promise<PublisherLag> => {
  const reached = Math.max(sent, mark);
  const events = Math.max(0, (await source.end(shard)) - reached);
  const [oldest] = events > 0 ? await source.read(shard, reached, 1) : [];
  const seconds = oldest ? Math.max(0, (clock.nowMs() - Date.parse(oldest.time)) / 1_000) : 0;
  return { topic: source.topic, log: source.log, shard, events, seconds, isHeld: hasGap || isRefused };
};
