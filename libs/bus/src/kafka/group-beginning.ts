/**
 * Where a group has to begin, whatever its offsets say (G5 of foreign-reader.ts). After a lost tail a broker gives the same offsets out anew: what lies
 * in front of the group's offset may be new. The consumer's own store knows until which moment it has read (read-time.ts), so whoever joins looks for the
 * first record from after it. This only ever adds to what is read.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@atelier/platform';
import type { Admin } from 'kafkajs';
import { waitAfter } from '../shard-delivery';
import type { RawBatch } from './consumer-life';
import type { PartitionTimes } from './foreign.port';
import { connectedAdmin, topicOn } from './kafka-client';
import type { KafkaOptions } from './kafka-config';

export type BeginningOptions = {
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly topic: string;
  readonly groupId: string;
  readonly times: PartitionTimes;
  readonly retryMs: number;
  readonly seek: (partition: number, offset: string) => void;
};

const HEARTBEAT_MS = 1_000;

export class GroupBeginning {
  private readonly stopping = new AbortController();
  private looking: Promise<void> | undefined;
  private joins = 0;

  constructor(private readonly given: BeginningOptions) {}

  /** The member has these partitions from now on. */
  assigned(partitions: readonly number[]): void {
    const join = ++this.joins;
    const looking = this.look(partitions, join).finally(() => {
      if (this.looking === looking) this.looking = undefined;
    });
    this.looking = looking;
  }

  /** Resolves when it is known where to begin; the batch is stale where that is not here. */
  async known(batch: RawBatch): Promise<void> {
    while (this.looking && !batch.isStale()) {
      await Promise.race([this.looking, this.wait(HEARTBEAT_MS)]);
      await batch.heartbeat();
    }
  }

  stop(): void {
    this.stopping.abort();
  }

  // Until the store and the broker have said where to begin, nothing is handled: what would be passed over is nowhere else.
  private async look(partitions: readonly number[], join: number): Promise<void> {
    const { options, log, topic, groupId, seek, retryMs } = this.given;
    for (let failures = 0; join === this.joins && !this.stopping.signal.aborted; ) {
      try {
        const admin = await connectedAdmin(options, log);
        const places = await placesToSeek(admin, { ...this.given, topic: topicOn(options, topic), partitions }).finally(() => admin.disconnect());
        if (join !== this.joins) return;
        for (const { partition, offset, committed } of places) {
          log.warn({ topic, groupId, partition, committed, offset }, 'the broker lost records that were handled; reading goes back to what may be new');
          seek(partition, offset);
        }
        return;
      } catch (error) {
        log.warn({ topic, groupId, err: error }, 'where to begin could not be asked; tried again');
        await this.wait(waitAfter(failures++, retryMs));
      }
    }
  }

  private async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined); // stopping ends the wait
  }
}

type Asked = { readonly topic: string; readonly groupId: string; readonly partitions: readonly number[]; readonly times: Pick<PartitionTimes, 'of'> };
type Place = { readonly partition: number; readonly offset: string; readonly committed: string };

/** The partitions whose offset cannot be believed, and where to read instead. */
export const placesToSeek = async (admin: Pick<Admin, 'fetchOffsets' | 'fetchTopicOffsets' | 'fetchTopicOffsetsByTimestamp'>, { topic, groupId, partitions, times }: Asked): Promise<readonly Place[]> => {
  const [group] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map((each) => [each.partition, each]));
  const places: Place[] = [];
  for (const { partition, offset: committed } of group?.partitions ?? []) {
    if (!partitions.includes(partition) || BigInt(committed) <= 0n) continue; // it begins at the start anyway
    const end = ends.get(partition);
    if (end && BigInt(committed) > BigInt(end.high)) {
      places.push({ partition, offset: end.low, committed }); // before it can outgrow that
      continue;
    }
    const readMs = await times.of(partition);
    const first = readMs > 0 ? (await admin.fetchTopicOffsetsByTimestamp(topic, readMs)).find((each) => each.partition === partition) : undefined;
    if (first && BigInt(first.offset) < BigInt(committed)) places.push({ partition, offset: first.offset, committed });
  }
  return places;
};
