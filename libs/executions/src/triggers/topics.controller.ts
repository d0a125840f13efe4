import { type Meta, Rejection } from '@atelier/contracts';
import { CallerMeta, type EdgeRequest } from '@atelier/rest-kit';
import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { EXECUTIONS_HTTP, type ExecutionsHttp } from '../http/executions-http';
import { takeTriggerRecords } from './trigger-records';

const RECORDS_MAX = 1_000;

/** The topic of triggers over HTTP, for services without Kafka (`spec/atelier.md` 4). Topics that can be read are in the TopicsModule. */
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
}

const recordsOf = (body: unknown): readonly unknown[] => {
  const records = Array.isArray(body) ? body : [body];
  if (body === undefined || records.length === 0 || records.length > RECORDS_MAX) throw new Rejection('InvalidParameter', { message: `Expected one record or an array of 1 to ${RECORDS_MAX}` });
  return records;
};
