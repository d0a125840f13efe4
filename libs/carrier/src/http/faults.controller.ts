import type { Meta } from '@atelier/contracts';
import { CallerMeta, Form, text } from '@atelier/rest-kit';
import { Controller, Delete, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import { CARRIER, Carrier } from '../carrier';
import { FAULT_KINDS, type FaultKind } from '../faults';
import { presentFault } from './presenters';

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const DELAY_MS_MAX = 600_000;
const UNREACHABLE = 30003; // Twilio's code for an unreachable handset
const REFUSALS: Readonly<Record<number, number>> = { 401: 20003, 404: 20404, 429: 20429 };

const faultForm = z.object({
  Kind: z.enum(FAULT_KINDS, { error: `expected ${FAULT_KINDS.join(', ')}` }),
  To: text(400, 1).optional(),
  Count: whole(1, 1_000_000).default(1),
  HttpStatus: whole(400, 599).default(400),
  ErrorCode: whole(1, 999_999).optional(),
  DelayMs: whole(0, DELAY_MS_MAX).default(15_000), // later than the 10 s that callers wait
});

/** Faults on request, for the account's own messages. */
@Controller('carrier/v1/Faults')
export class FaultsController {
  constructor(@Inject(CARRIER) private readonly carrier: Carrier) {}

  @Post()
  @HttpCode(201)
  async create(@Form(faultForm) { Kind, To, Count, HttpStatus, ErrorCode, DelayMs }: z.infer<typeof faultForm>, @CallerMeta() { accountSid }: Meta): Promise<object> {
    const fault = { kind: Kind, recipient: To ?? null, remaining: Count, httpStatus: HttpStatus, errorCode: ErrorCode ?? codeOf(Kind, HttpStatus), delayMs: DelayMs };
    return presentFault(await this.carrier.faults.add(accountSid, fault));
  }

  @Get()
  list(@CallerMeta() { accountSid }: Meta): object {
    return { faults: this.carrier.faults.of(accountSid).map(presentFault) };
  }

  @Delete()
  @HttpCode(204)
  clear(@CallerMeta() { accountSid }: Meta): Promise<void> {
    return this.carrier.faults.clear(accountSid);
  }
}

// What Twilio answers with such a status.
const codeOf = (kind: FaultKind, status: number): number => (kind === 'refuse' ? (REFUSALS[status] ?? (status >= 500 ? 20500 : 20001)) : UNREACHABLE);
