import { type Meta, Rejection } from '@atelier/contracts';
import { CallerMeta, Form, repeated, text } from '@atelier/rest-kit';
import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { CARRIER, Carrier } from '../carrier';
import { isAddress } from '../message';
import { presentOnPhone } from './presenters';

const CONVERSATION_MAX = 1_000; // messages shown, the newest

const messageForm = z.object({ To: text(400, 1), Body: text(100_000).optional(), MediaUrl: repeated(text(4_000)).optional() });

/** Simulated phones: what people would do with theirs. Phones need not be bought; any address has one in every account. */
@Controller('carrier/v1/Phones')
export class PhonesController {
  constructor(@Inject(CARRIER) private readonly carrier: Carrier) {}

  @Post(':address/Messages')
  @HttpCode(201)
  async send(@Param('address') address: string, @Form(messageForm) { To, Body, MediaUrl }: z.infer<typeof messageForm>, @CallerMeta() { accountSid }: Meta): Promise<object> {
    return presentOnPhone(await this.carrier.receive(accountSid, { from: phoneOf(address), to: To, body: Body, media: MediaUrl }));
  }

  /** Newest last. */
  @Get(':address/Messages')
  async conversation(@Param('address') address: string, @CallerMeta() { accountSid }: Meta): Promise<object> {
    const messages = await this.carrier.messages.conversation(accountSid, phoneOf(address), CONVERSATION_MAX);
    return { messages: messages.map(presentOnPhone) };
  }
}

const phoneOf = (address: string): string => {
  if (!isAddress(address)) throw new Rejection('NotFound');
  return address;
};
