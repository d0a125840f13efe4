import { type AccountSid, Rejection } from '@atelier/contracts';
import { CallerScope, type EdgeRequest, Operations, type PageQuery, Paged, PublicUrl, asideId, asidePlace, dropperOf, isoSeconds, listAnswer, noteIntervention, pageOf } from '@atelier/rest-kit';
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { type ParkedInput, readParked, subjectOf } from './parked-input';
import { ParkedInputs } from './parked-inputs';

const PATH = 'atelier/v1/Operations/ParkedInputs';
type Place = readonly [id: number];

/** Inputs that were set aside: list, look, retry, drop. An account sees its own; operators, who bear the token of the installation, see all. */
@Controller(PATH)
@Operations()
export class ParkedInputsController {
  constructor(@Inject(ParkedInputs) private readonly parked: ParkedInputs) {}

  @Get()
  async list(@Paged(asidePlace) query: PageQuery<Place>, @CallerScope() scope: AccountSid | undefined): Promise<object> {
    const page = await pageOf(query, ({ id }: ParkedInput): Place => [id], ({ cursor, backwards, limit }) => this.parked.list(scope, { limit, ...(cursor && { [backwards ? 'after' : 'before']: cursor[0] }) }));
    return listAnswer(query, page, 'parked_inputs', (each) => presented(each, query.publicUrl));
  }

  /** With the input itself, as text: it may be what nobody can read. */
  @Get(':id')
  async look(@Param('id') id: string, @CallerScope() scope: AccountSid | undefined, @PublicUrl() publicUrl: string): Promise<object> {
    const found = await this.parked.find(scope, asideId(id));
    if (!found) throw new Rejection('NotFound');
    return { ...presented(found, publicUrl), input: found.body };
  }

  @Post(':id/Retry')
  @HttpCode(200)
  async retry(@Param('id') id: string, @CallerScope() scope: AccountSid | undefined, @PublicUrl() publicUrl: string, @Req() request: EdgeRequest): Promise<object> {
    const parked = await this.parked.retry(scope, asideId(id));
    noteIntervention(request, 'a parked input was entered again', { parked: parked.id, account: parked.account, ...subjectOf(readParked(parked.body)) }, scope);
    return { ...presented(parked, publicUrl), status: 'retried' };
  }

  @Delete(':id')
  @HttpCode(204)
  async drop(@Param('id') id: string, @CallerScope() scope: AccountSid | undefined, @Req() request: EdgeRequest): Promise<void> {
    if (!(await this.parked.drop(scope, asideId(id), dropperOf(request, scope)))) throw new Rejection('NotFound');
    noteIntervention(request, 'a parked input was dropped', { parked: asideId(id) }, scope);
  }
}

const presented = ({ id, at, shard, account, reason, body }: ParkedInput, publicUrl: string): object => {
  const read = readParked(body);
  const { execution, flow } = subjectOf(read);
  return {
    id: String(id), kind: read.kind, account_sid: account ?? null, flow_sid: flow ?? null, execution_sid: execution ?? null, shard, reason, date_created: isoSeconds(at), url: `${publicUrl}/${PATH}/${id}`,
  };
};
