import { type Meta, type PublicEvent, Rejection } from '@atelier/contracts';
import type { TopicSource } from '@atelier/bus';
import { CallerMeta, type EdgeRequest, Query } from '@atelier/rest-kit';
import { Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { z } from 'zod';
import { EXECUTIONS_HTTP, type ExecutionsHttp } from '../http/executions-http';
import { positionText, positionsOf } from './topic-position';
import { takeTriggerRecords } from './trigger-records';

const RECORDS_MAX = 1_000;
const LIMIT_DEFAULT = 100;

const readQuery = z.object({
  after: z.string().max(4_096).default('').describe('`next` of the answer before; left out: from the beginning.'),
  limit: z.coerce.number().int().min(1).max(RECORDS_MAX).default(LIMIT_DEFAULT).describe('Events looked at; fewer may be the caller’s.'),
});

/** The topics over HTTP, for services without Kafka (`spec/atelier.md` 4). */
@Controller('atelier/v1/Topics')
export class TopicsController {
  constructor(@Inject(EXECUTIONS_HTTP) private readonly http: ExecutionsHttp) {}

  /** One record or an array; one result each, in order, once durable. */
  @Post('atelier.triggers/Records')
  @HttpCode(200)
  async publish(@Req() request: EdgeRequest, @CallerMeta() meta: Meta): Promise<object> {
    const taken = await takeTriggerRecords(this.http, recordsOf(request.body), meta.accountSid);
    return { results: taken.map(({ result }) => result) };
  }

  /** Events of the caller's account, and where to go on. The position also moves past what other accounts own. */
  @Get(':topic/Records')
  async read(@Param('topic') topic: string, @Query(readQuery) { after, limit }: z.infer<typeof readQuery>, @CallerMeta() meta: Meta): Promise<object> {
    const source = this.http.topics.find((each) => each.topic === topic);
    if (!source) throw new Rejection('NotFound');
    const { events, positions } = await eventsAfter(source, positionsOf(after, source.shards), limit);
    return { records: events.filter((event) => accountOf(event) === meta.accountSid), next: positionText(positions) };
  }
}

const recordsOf = (body: unknown): readonly unknown[] => {
  const records = Array.isArray(body) ? body : [body];
  if (body === undefined || records.length === 0 || records.length > RECORDS_MAX) throw new Rejection('InvalidParameter', { message: `Expected one record or an array of 1 to ${RECORDS_MAX}` });
  return records;
};

const SHARDS_AT_ONCE = 8; // so that a reader of 64 shards does not take every connection of the pool

/** Begins at another shard after every answer, so that a busy one does not starve the others. */
const eventsAfter = async (source: TopicSource, from: readonly number[], limit: number): Promise<{ events: PublicEvent[]; positions: number[] }> => {
  const positions = [...from];
  const events: PublicEvent[] = [];
  const first = from.reduce((sum, pos) => sum + pos, 0);
  for (let done = 0; done < source.shards && events.length < limit; done += SHARDS_AT_ONCE) {
    const shards = Array.from({ length: Math.min(SHARDS_AT_ONCE, source.shards - done) }, (_, i) => (first + done + i) % source.shards);
    const room = limit - events.length;
    const found = await Promise.all(shards.map((each) => source.read(each, positions[each] ?? 0, room)));
    for (const event of found.flat().slice(0, room)) {
      events.push(event);
      positions[event.shard] = event.pos;
    }
  }
  return { events, positions };
};

const accountOf = ({ data, meta }: PublicEvent): unknown => data['account_sid'] ?? meta?.['accountSid'];
