import { type AccountSid, Rejection } from '@atelier/contracts';
import { Form, type PageQuery, Paged, Query, SidParam, list2010Answer, placeByTime, text } from '@atelier/rest-kit';
import { Controller, Delete, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { CARRIER, Carrier } from '../carrier';
import { isAddress } from '../message';
import type { NumberChanges, NumberPlace } from '../phone-numbers';
import { OwnAccount } from './own-account';
import { presentNumber } from './presenters';

const url = z.union([z.literal(''), z.url({ protocol: /^https?$/ })], { error: 'expected an http or https URL' });
const method = z.preprocess((value) => (typeof value === 'string' ? value.toUpperCase() : value), z.enum(['GET', 'POST'], { error: 'expected GET or POST' }));

const settings = {
  FriendlyName: text(64).optional(),
  SmsUrl: url.optional(),
  SmsMethod: method.optional(),
  SmsFallbackUrl: url.optional(),
  SmsFallbackMethod: method.optional(),
  VoiceUrl: url.optional(),
  VoiceMethod: method.optional(),
  VoiceFallbackUrl: url.optional(),
  VoiceFallbackMethod: method.optional(),
  StatusCallback: url.optional(),
  StatusCallbackMethod: method.optional(),
};
const updateForm = z.object(settings);
const createForm = z.object({ ...settings, PhoneNumber: text(40).optional(), AreaCode: z.string().regex(/^[2-9]\d\d$/, 'expected three digits').optional() });
const listFilter = z.object({ PhoneNumber: text(40).optional(), FriendlyName: text(64).optional() });

// What was given, under the names that the resource has.
const changesOf = (form: z.infer<typeof updateForm>): NumberChanges => {
  const named = {
    sms_url: form.SmsUrl,
    sms_method: form.SmsMethod,
    sms_fallback_url: form.SmsFallbackUrl,
    sms_fallback_method: form.SmsFallbackMethod,
    voice_url: form.VoiceUrl,
    voice_method: form.VoiceMethod,
    voice_fallback_url: form.VoiceFallbackUrl,
    voice_fallback_method: form.VoiceFallbackMethod,
    status_callback: form.StatusCallback,
    status_callback_method: form.StatusCallbackMethod,
  };
  return { friendlyName: form.FriendlyName, settings: Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)) };
};

const numberOf = ({ PhoneNumber, AreaCode }: z.infer<typeof createForm>): string => {
  if (PhoneNumber === undefined && AreaCode !== undefined) return `+1${AreaCode}555${String(randomInt(10_000)).padStart(4, '0')}`;
  if (PhoneNumber === undefined || !isAddress(PhoneNumber)) throw new Rejection('InvalidPhoneNumber', { message: `PhoneNumber ${PhoneNumber ?? 'missing'}: expected an address such as +15557650001` });
  return PhoneNumber;
};

/** The IncomingPhoneNumbers resource of the v2010 API. */
@Controller('2010-04-01/Accounts/:account')
export class NumbersController {
  constructor(@Inject(CARRIER) private readonly carrier: Carrier) {}

  @Post('IncomingPhoneNumbers.json')
  @HttpCode(201)
  async create(@OwnAccount() account: AccountSid, @Form(createForm) form: z.infer<typeof createForm>): Promise<object> {
    return presentNumber(await this.carrier.numbers.create(account, numberOf(form), changesOf(form)));
  }

  @Get('IncomingPhoneNumbers.json')
  async list(
    @OwnAccount() account: AccountSid,
    @Query(listFilter) { PhoneNumber, FriendlyName }: z.infer<typeof listFilter>,
    @Paged(placeByTime) page: PageQuery<NumberPlace>,
  ): Promise<object> {
    const found = await this.carrier.numbers.list(account, { phoneNumber: PhoneNumber, friendlyName: FriendlyName }, page);
    return list2010Answer(page, found, 'incoming_phone_numbers', presentNumber);
  }

  @Get('IncomingPhoneNumbers/:sid.json')
  async fetch(@OwnAccount() account: AccountSid, @SidParam('sid', 'PN') sid: string): Promise<object> {
    return presentNumber(await this.carrier.numbers.fetch(account, sid));
  }

  @Post('IncomingPhoneNumbers/:sid.json')
  @HttpCode(200)
  async update(@OwnAccount() account: AccountSid, @SidParam('sid', 'PN') sid: string, @Form(updateForm) form: z.infer<typeof updateForm>): Promise<object> {
    return presentNumber(await this.carrier.numbers.update(account, sid, changesOf(form)));
  }

  @Delete('IncomingPhoneNumbers/:sid.json')
  @HttpCode(204)
  remove(@OwnAccount() account: AccountSid, @SidParam('sid', 'PN') sid: string): Promise<void> {
    return this.carrier.numbers.delete(account, sid);
  }
}
