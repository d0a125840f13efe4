import { type AccountSid, Fault, Rejection } from '@atelier/contracts';
import { type EdgeReply, Form, type PageQuery, Paged, Query, SidParam, list2010Answer, parseDate, repeated, text } from '@atelier/rest-kit';
import { Controller, Get, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { z } from 'zod';
import { CARRIER, type Accepted, Carrier, RefusedByRequest } from '../carrier';
import type { MessageFilter } from '../message-store';
import { OwnAccount } from './own-account';
import { presentMessage } from './presenters';

const URL_MAX = 4_000;

// What is missing or wrong has codes of its own here, so that nothing is required by the schema.
const createForm = z.object({
  To: text(400).optional(),
  From: text(400).optional(),
  MessagingServiceSid: text(64).optional(),
  Body: text(100_000).optional(),
  MediaUrl: repeated(text(URL_MAX)).optional(),
  ContentSid: text(64).optional(),
  StatusCallback: text(URL_MAX).optional(),
});

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/** A time as the span that it names: its day, or its second. */
const span = z.string().transform((given, context): { from: Date; until: Date } => {
  const from = parseDate(given);
  if (from) return { from, until: new Date(from.getTime() + (given.length === 'YYYY-MM-DD'.length ? DAY_MS : SECOND_MS)) };
  context.addIssue({ code: 'custom', message: 'expected YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ' });
  return z.NEVER;
});

const listFilter = z.object({ To: text(400).optional(), From: text(400).optional(), DateSent: span.optional(), 'DateSent<': span.optional(), 'DateSent>': span.optional() });

// `DateSent<=2026-01-31` is a parameter named `DateSent<`: on or before that midnight.
const filterOf = ({ To, From, DateSent, ...bounds }: z.infer<typeof listFilter>): MessageFilter => {
  const last = bounds['DateSent<']?.from;
  return { to: To, from: From, sentFrom: DateSent?.from ?? bounds['DateSent>']?.from, sentUntil: DateSent?.until ?? (last && new Date(last.getTime() + SECOND_MS)) };
};

/** The Messages resource of the v2010 API. */
@Controller('2010-04-01/Accounts/:account')
export class MessagesController {
  constructor(@Inject(CARRIER) private readonly carrier: Carrier) {}

  @Post('Messages.json')
  @HttpCode(201)
  async create(@OwnAccount() account: AccountSid, @Form(createForm) form: z.infer<typeof createForm>, @Res({ passthrough: true }) reply: EdgeReply): Promise<object | undefined> {
    const { To, From, MessagingServiceSid, Body, MediaUrl, ContentSid, StatusCallback } = form;
    const outgoing = { to: To, from: From, service: MessagingServiceSid, body: Body, media: MediaUrl, content: ContentSid, statusCallback: StatusCallback };
    try {
      return await this.answer(await this.carrier.send(account, outgoing), reply);
    } catch (error) {
      if (error instanceof RefusedByRequest) return refusal(error, reply);
      if (error instanceof Fault) return hangUp(reply); // an answer would claim to know whether the message is stored
      throw error;
    }
  }

  @Get('Messages.json')
  async list(@OwnAccount() account: AccountSid, @Query(listFilter) query: z.infer<typeof listFilter>, @Paged(z.tuple([z.int()])) page: PageQuery<readonly [number]>): Promise<object> {
    return list2010Answer(page, await this.carrier.messages.list(account, filterOf(query), page), 'messages', (row) => presentMessage(row));
  }

  @Get('Messages/:sid.json')
  async fetch(@OwnAccount() account: AccountSid, @SidParam('sid', 'SM', 'MM') sid: string): Promise<object> {
    const message = await this.carrier.messages.find(account, sid);
    if (!message) throw new Rejection('NotFound');
    return presentMessage(message);
  }

  private async answer({ message, fault }: Accepted, reply: EdgeReply): Promise<object | undefined> {
    if (fault?.kind === 'drop-answer') return hangUp(reply);
    if (fault?.kind === 'answer-late') await this.carrier.late(fault.delayMs);
    return presentMessage(message, message.service === null ? 'queued' : 'accepted');
  }
}

const refusal = ({ fault, message }: RefusedByRequest, reply: EdgeReply): object => {
  void reply.status(fault.httpStatus);
  return { code: fault.errorCode, message, more_info: `https://www.twilio.com/docs/errors/${fault.errorCode}`, status: fault.httpStatus };
};

const hangUp = (reply: EdgeReply): undefined => {
  reply.hijack();
  reply.raw.destroy();
  return undefined;
};
