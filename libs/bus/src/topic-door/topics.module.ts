import { type Meta, type PublicEvent, type TopicName, accountOfEvent } from '@atelier/contracts';
import { CallerMeta, Query } from '@atelier/rest-kit';
import { type DynamicModule, type Type, Controller, Get, Module } from '@nestjs/common';
import { z } from 'zod';
import { type TopicSource, readShards } from '../topic-source.port';
import { positionText, positionsOf } from './topic-position';

const RECORDS_MAX = 1_000;
const LIMIT_DEFAULT = 100;

const readQuery = z.object({
  after: z.string().max(4_096).default('').describe('`next` of the answer before; left out: from the beginning.'),
  limit: z.coerce.number().int().min(1).max(RECORDS_MAX).default(LIMIT_DEFAULT).describe('Events looked at; fewer may be the caller’s.'),
});

/** `GET /atelier/v1/Topics/{topic}/Records` of a context's own topics, for services without Kafka (`spec/atelier.md` 4): each context serves its own. */
@Module({})
export class TopicsModule {
  static with(sources: readonly TopicSource[]): DynamicModule {
    return { module: TopicsModule, controllers: sources.map(recordsController) };
  }
}

// The path holds the topic itself, so that the paths of services which run apart do not overlap.
const recordsController = (source: TopicSource): Type => {
  @Controller(`atelier/v1/Topics/${source.topic}`)
  class RecordsController {
    /** Events of the caller's account, and where to go on. The position also moves past what other accounts own. */
    @Get('Records')
    async read(@Query(readQuery) { after, limit }: z.infer<typeof readQuery>, @CallerMeta() meta: Meta): Promise<object> {
      const { events, positions } = await eventsAfter(source, positionsOf(after, source.shards), limit);
      return { records: events.filter((event) => accountOfEvent(event) === meta.accountSid), next: positionText(positions) };
    }
  }
  Object.defineProperty(RecordsController, 'name', { value: classNameOf(source.topic) }); // what documents and messages call it
  return RecordsController;
};

const classNameOf = (topic: TopicName): string => `${topic.split('.').map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')}Controller`;

const SHARDS_AT_ONCE = 8; // so that a reader of 64 shards does not take every connection of the pool

/** Begins at another shard after every answer, so that a busy one does not starve the others. */
const eventsAfter = async (source: TopicSource, from: readonly number[], limit: number): Promise<{ events: PublicEvent[]; positions: number[] }> => {
  const positions = [...from];
  const events: PublicEvent[] = [];
  const first = from.reduce((sum, pos) => sum + pos, 0);
  for (let done = 0; done < source.shards && events.length < limit; done += SHARDS_AT_ONCE) {
    const shards = Array.from({ length: Math.min(SHARDS_AT_ONCE, source.shards - done) }, (_, i) => (first + done + i) % source.shards);
    const room = limit - events.length;
    const found = await readShards(source, shards.map((shard) => ({ shard, after: positions[shard] ?? 0, limit: room })));
    for (const event of found.flat().slice(0, room)) {
      events.push(event);
      positions[event.shard] = event.pos;
    }
  }
  return { events, positions };
};
