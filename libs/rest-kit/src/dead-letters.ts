import { type AccountSid, Rejection } from '@atelier/contracts';
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, type Type } from '@nestjs/common';
import { z } from 'zod';
import { Operations } from './authentication';
import { CallerScope } from './caller';
import { isoSeconds } from './dates';
import type { EdgeRequest } from './edge';
import { listAnswer } from './page-envelope';
import { type PageQuery, Paged, pageOf } from './paging';
import { Verbatim } from './verbatim';

/** An event that a consumer could not handle, as its context keeps it. `body` is the event's JSON text. */
export type StoredLetter = {
  readonly id: number;
  readonly at: Date;
  readonly consumer: string;
  readonly log: string;
  readonly shard: number;
  readonly pos: number;
  readonly reason: string;
  readonly body: string;
};

/** The letters of one context. `scope`: only what is this account's; undefined: all. What is not there, or another's, is undefined or a NotFound. */
export interface DeadLetters {
  /** Newest first: below `before`; or above `after`, the nearest first. */
  list(scope: AccountSid | undefined, page: { readonly limit: number; readonly before?: number; readonly after?: number }): Promise<readonly StoredLetter[]>;
  find(scope: AccountSid | undefined, id: number): Promise<StoredLetter | undefined>;
  /** Hands the event to its handler again and removes the letter; a letter that fails again stays, and the Rejection says why. */
  redrive(scope: AccountSid | undefined, id: number): Promise<void>;
  /** False where it was not there. What goes is kept aside with who dropped it. */
  drop(scope: AccountSid | undefined, id: number, by: Dropper): Promise<boolean>;
}

/** Who takes something away for good, and by which request: stored beside it. */
export type Dropper = { readonly who: string; readonly request: string; readonly sourceIp: string | null };

export const dropperOf = ({ server, id, raw }: EdgeRequest, scope: AccountSid | undefined): Dropper => ({ who: scope ?? OPERATOR, request: id, sourceIp: server.edge.sourceOf(raw).ip });

const OPERATOR = 'operator'; // the token of the installation is nobody's in person

type Place = readonly [id: number];

/** The number of something that was set aside, from a path; anything else is 404. */
export const asideId = (text: string): number => {
  if (!/^[1-9][0-9]{0,14}$/.test(text)) throw new Rejection('NotFound');
  return Number(text);
};

/** Place of something that was set aside in its list: its number. */
export const asidePlace = z.tuple([z.int().positive()]);

/** Whoever changes what was set aside leaves a line in the log. */
export const noteIntervention = ({ server, id }: EdgeRequest, what: string, fields: object, scope: AccountSid | undefined): void =>
  server.edge.log.warn({ request: id, by: scope ?? OPERATOR, ...fields }, what);

/** The dead letters of a context over REST: list, look, redrive, drop. */
export const deadLettersController = (path: string, token: symbol): Type => {
  @Controller(path)
  @Operations()
  class DeadLettersController {
    constructor(@Inject(token) private readonly letters: DeadLetters) {}

    @Get()
    async list(@Paged(asidePlace) query: PageQuery<Place>, @CallerScope() scope: AccountSid | undefined): Promise<object> {
      const page = await pageOf(query, ({ id }: StoredLetter): Place => [id], ({ cursor, backwards, limit }) => this.letters.list(scope, { limit, ...(cursor && { [backwards ? 'after' : 'before']: cursor[0] }) }));
      return listAnswer(query, page, 'dead_letters', (letter) => presented(letter, query.publicUrl + query.path));
    }

    @Get(':id')
    async look(@Param('id') id: string, @CallerScope() scope: AccountSid | undefined, @Req() { server }: EdgeRequest): Promise<object> {
      const letter = await this.letters.find(scope, asideId(id));
      if (!letter) throw new Rejection('NotFound');
      return { ...presented(letter, `${server.edge.publicUrl}/${path}`), event: new Verbatim(letter.body) };
    }

    @Post(':id/Redrive')
    @HttpCode(200)
    async redrive(@Param('id') text: string, @CallerScope() scope: AccountSid | undefined, @Req() request: EdgeRequest): Promise<object> {
      const id = asideId(text);
      await this.letters.redrive(scope, id);
      noteIntervention(request, 'a dead letter was handed to its consumer again', { path, letter: id }, scope);
      return { id: String(id), status: 'redriven' };
    }

    @Delete(':id')
    @HttpCode(204)
    async drop(@Param('id') text: string, @CallerScope() scope: AccountSid | undefined, @Req() request: EdgeRequest): Promise<void> {
      const id = asideId(text);
      if (!(await this.letters.drop(scope, id, dropperOf(request, scope)))) throw new Rejection('NotFound');
      noteIntervention(request, 'a dead letter was dropped', { path, letter: id }, scope);
    }
  }
  return DeadLettersController;
};

const presented = ({ id, at, consumer, log, shard, pos, reason }: StoredLetter, url: string): object => ({
  id: String(id), consumer, log, shard, pos, reason, date_created: isoSeconds(at), url: `${url}/${id}`,
});
