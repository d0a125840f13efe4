import { setTimeout as sleep } from 'node:timers/promises';
import { type AccountSid, Rejection } from '@atelier/contracts';
import { type Clock, type Database, type HttpCaller, type Log, systemClock } from '@atelier/platform';
import type { SigningToken } from '@atelier/twilio-client';
import { Deliveries } from './deliveries';
import { type RequestedFault, Faults } from './faults';
import { type Draft, type Message, assertSendable, newMessage } from './message';
import { type Delivery, MessageStore } from './message-store';
import { PhoneNumbers } from './phone-numbers';
import { Webhooks } from './webhooks';

export type CarrierOptions = {
  /** Checks and calls; its time limit is the read timeout of webhooks, 15 s at Twilio. */
  readonly caller: HttpCaller;
  readonly signingToken: SigningToken;
  /** This installation's own origin, which may lie in a private network. */
  readonly trustedOrigin: () => string | undefined;
  /** Where that origin is reached from here, where its name means something else. */
  readonly reachedAt?: string | undefined;
  readonly log: Log;
  readonly clock?: Clock;
  /** How long a new message waits for a database that is away, before its sender is left without an answer. Default: 8 s. */
  readonly storeMsMax?: number | undefined;
};

export type Outgoing = Draft & { readonly statusCallback?: string | undefined };

/** A message that was taken, or a fault in place of it; `fault` says how its answer is to be spoilt. */
export type Accepted = { readonly message: Message; readonly fault: RequestedFault | undefined };

/** Token of the Carrier in Nest. */
export const CARRIER = Symbol('Carrier');

/** A carrier without radio: it keeps messages, tells their state, and brings those of simulated phones to the webhooks of numbers. */
export class Carrier {
  readonly messages: MessageStore;
  readonly numbers: PhoneNumbers;
  readonly faults: Faults;
  private readonly deliveries: Deliveries;
  private readonly stopping = new AbortController();
  private readonly clock: Clock;

  /** Over a database that was opened with CARRIER_DATABASE; the caller closes it. */
  constructor(database: Database, { clock = systemClock, ...options }: CarrierOptions) {
    this.clock = clock;
    this.messages = new MessageStore(database, options.storeMsMax);
    this.numbers = new PhoneNumbers(database, clock);
    this.faults = new Faults(database);
    this.deliveries = new Deliveries({ store: this.messages, webhooks: new Webhooks(options), numbers: this.numbers, clock, log: options.log });
  }

  /** Goes on where the last process ended. To be called once the own address answers, for webhooks may lead there. */
  async start(): Promise<void> {
    await this.faults.load();
    await this.deliveries.start();
  }

  /** Waits a while for webhooks under way, and lets no answer be late any more. To be called while the own address still answers. */
  stop(): Promise<void> {
    this.stopping.abort();
    return this.deliveries.stop();
  }

  /** Lets this time pass, or what is left of it before the end. */
  async late(delayMs: number): Promise<void> {
    await sleep(delayMs, undefined, { signal: this.stopping.signal }).catch(() => undefined); // ended early, which is all that an abort says
  }

  /** Takes a message for a phone, once it is stored. Throws a RefusedByRequest where that fault was asked for. */
  async send(account: AccountSid, { statusCallback, ...draft }: Outgoing): Promise<Accepted> {
    assertSendable(draft);
    if (statusCallback && !isHttpUrl(statusCallback)) throw new Rejection('InvalidStatusCallback', { message: `The StatusCallback URL ${statusCallback} is not a valid URL.` });
    const fault = await this.faults.take(account, draft.to ?? '');
    if (fault?.kind === 'refuse') throw new RefusedByRequest(fault);
    const fails = fault?.kind === 'fail-delivery';
    const made = newMessage(account, 'outbound-api', draft, fails ? 'undelivered' : 'delivered', new Date(this.clock.nowMs()));
    const message: Message = { ...made, errorCode: fails ? fault.errorCode : null, status: statusCallback ? made.status : made.finalStatus };
    await this.stored(message, statusCallback ? { kind: 'status', url: statusCallback, method: 'POST', message } : undefined);
    return { message, fault };
  }

  /** Takes a message from a simulated phone to one of the account's numbers. */
  async receive(account: AccountSid, draft: Draft): Promise<Message> {
    assertSendable(draft);
    const number = await this.numbers.named(account, draft.to ?? '');
    if (!number) throw new Rejection('InvalidTo', { message: `${draft.to} is no number of this account: create it under IncomingPhoneNumbers.json` });
    const message = newMessage(account, 'inbound', draft, 'received', new Date(this.clock.nowMs()));
    const { sms_url: url, sms_method: method } = number.settings;
    await this.stored(message, url === '' ? undefined : { kind: 'inbound', url, method, message });
    return message;
  }

  private async stored(message: Message, delivery: Delivery | undefined): Promise<void> {
    await this.messages.store(message, delivery);
    if (delivery) this.deliveries.add(delivery);
  }
}

/** The refusal that somebody ordered: its status and code are the order's. */
export class RefusedByRequest extends Error {
  override readonly name = 'RefusedByRequest';
  constructor(readonly fault: RequestedFault) {
    super('Refused, as was asked for at /carrier/v1/Faults');
  }
}

const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
