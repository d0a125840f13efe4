/**
 * Calls the webhooks of messages, in the background.
 *
 * D1. A delivery begins after the statement that stored it, and its row goes after it was made: at least once, also over restarts (keeps C3).
 * D2. The states of one message are told in their order, each after it can be read.
 * D3. What an inbound message's webhook answers is stored together with the end of its delivery: repeated, it answers once.
 * D4. Stopping waits for what is under way, a while; what is not done then is done after the next start.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Log, OutboundAnswer } from '@atelier/platform';
import { Answers, type Call } from './answers';
import { type Message, type Status, isAddress, newMessage } from './message';
import type { Delivery, MessageStore } from './message-store';
import type { PhoneNumbers } from './phone-numbers';
import type { Verb } from './twiml';
import { statusParameters } from './webhook-parameters';
import type { Webhooks } from './webhooks';

export type DeliveryOptions = {
  readonly store: MessageStore;
  readonly webhooks: Webhooks;
  readonly numbers: Pick<PhoneNumbers, 'named'>;
  readonly clock: Clock;
  readonly log: Log;
};

const AT_ONCE_MAX = 64; // calls; more would only queue at their receivers
const TAKE_OVER_MS = 5_000; // how often deliveries of processes that died are looked for
const STOP_MS_MAX = 2_000;
const FAILED_DELIVERY = 30003; // Twilio's code for an unreachable handset

export class Deliveries {
  private readonly waiting: Delivery[] = [];
  private readonly inHand = new Map<string, Promise<void>>();
  private readonly known = new Set<string>(); // waiting or in hand
  private stopping = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly answers: Answers;

  constructor(private readonly options: DeliveryOptions) {
    this.answers = new Answers({ ...options, tell: (message, call) => this.tell(message, call) });
  }

  /** Goes on with what earlier processes left, and looks for what others leave. To be called once the own address answers. */
  async start(): Promise<void> {
    this.addAll(await this.options.store.take('all'));
    this.timer = setInterval(() => void this.takeOver(), TAKE_OVER_MS).unref();
  }

  /** A delivery that has just been stored. */
  add(delivery: Delivery): void {
    if (this.stopping || this.known.has(delivery.message.sid)) return; // its row stays
    this.known.add(delivery.message.sid);
    this.waiting.push(delivery);
    this.next();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    this.waiting.length = 0;
    await Promise.race([Promise.all(this.inHand.values()), sleep(STOP_MS_MAX, undefined, { ref: false })]);
  }

  private addAll(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.add(delivery);
  }

  private async takeOver(): Promise<void> {
    await this.options.store.take('overdue').then(
      (taken) => this.addAll(taken),
      (error: unknown) => this.options.log.warn({ err: error }, 'deliveries could not be taken over'),
    );
  }

  private next(): void {
    while (this.inHand.size < AT_ONCE_MAX && !this.stopping) {
      const delivery = this.waiting.shift();
      if (!delivery) return;
      const { sid } = delivery.message;
      const run = this.run(delivery).finally(() => {
        this.inHand.delete(sid);
        this.known.delete(sid);
        this.next();
      });
      this.inHand.set(sid, run);
    }
  }

  private async run(delivery: Delivery): Promise<void> {
    try {
      await (delivery.kind === 'status' ? this.tellStatus(delivery) : this.tellInbound(delivery));
    } catch (error) {
      this.options.log.warn({ message: delivery.message.sid, err: error }, 'delivery interrupted; it is made again later'); // its row stays
    }
  }

  // No callback tells the first state of a message, which the answer to its create has: `queued`, or `accepted` with a Messaging Service.
  private async tellStatus({ message, url, method }: Delivery): Promise<void> {
    const { store, clock } = this.options;
    const { finalStatus } = message;
    const errorCode = finalStatus === 'delivered' ? null : (message.errorCode ?? FAILED_DELIVERY);
    const say = (status: Status | 'queued', code: number | null) => this.tell(message, { url, method, parameters: statusParameters(message, status, code), what: status });
    if (message.status !== finalStatus) {
      if (message.service !== null) await say('queued', null);
      if (finalStatus !== 'failed') await say('sent', null);
      await store.settle({ sid: message.sid, status: finalStatus, errorCode, at: new Date(clock.nowMs()) });
    }
    await say(finalStatus, errorCode);
    await store.finish(message.sid);
  }

  private async tellInbound({ message, url, method }: Delivery): Promise<void> {
    const verbs = await this.answers.to(message, { url, method });
    const now = new Date(this.options.clock.nowMs());
    const replies = verbs.flatMap((verb) => (verb.verb === 'Message' && (verb.body !== '' || verb.media.length > 0) ? [replyOf(message, verb, now)] : []));
    const deliveries = replies.flatMap(({ delivery }) => delivery ?? []);
    const messages = replies.map((reply) => reply.message);
    await this.options.store.storeReplies(message, messages, deliveries);
    this.addAll(deliveries);
  }

  private async tell(message: Message, { url, method, parameters, what }: Call): Promise<OutboundAnswer | undefined> {
    const answer = await this.options.webhooks.call({ account: message.account, url, method, parameters, fact: `${message.sid} ${what}` });
    if (!answer && this.stopping) throw new Error('the process was stopping'); // the next one tells it again (D4)
    if (!answer || answer.status >= 400) this.options.log.warn({ message: message.sid, what, status: answer?.status }, 'a webhook failed');
    return answer;
  }
}

const replyOf = (inbound: Message, verb: Verb & { verb: 'Message' }, now: Date): { message: Message; delivery: Delivery | undefined } => {
  const { to = inbound.sender ?? '', from = inbound.recipient, body, media, statusCallback } = verb;
  const finalStatus = isAddress(to) ? 'delivered' : 'failed';
  const draft = { to: storable(to), from: storable(from), body: storable(body), media: media.map(storable) };
  const made = newMessage(inbound.account, 'outbound-reply', draft, finalStatus, now);
  const message: Message = statusCallback === undefined ? { ...made, status: finalStatus } : made;
  return { message, delivery: statusCallback === undefined ? undefined : { kind: 'status', url: storable(statusCallback), method: 'POST', message } };
};

// PostgreSQL takes no U+0000, UTF-8 no lone surrogate; a webhook may have answered either.
const storable = (text: string): string => text.replaceAll('\u0000', '').replace(/\p{Surrogate}/gu, '\ufffd');
