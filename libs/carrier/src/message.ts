import { type AccountSid, Rejection } from '@atelier/contracts';
import { newSid } from '@atelier/platform';
import { segmentsOf } from './segments';

export type Direction = 'inbound' | 'outbound-api' | 'outbound-reply';
export type Status = 'received' | 'sent' | 'delivered' | 'undelivered' | 'failed';

/** A message as it is stored. What was accepted is `sent` at once; `queued` is only what the answer to its create says. */
export type Message = {
  readonly sid: string;
  readonly account: AccountSid;
  readonly direction: Direction;
  readonly sender: string | null;
  readonly recipient: string;
  /** A Messaging Service, in place of a sender. */
  readonly service: string | null;
  readonly body: string;
  /** URLs. */
  readonly media: readonly string[];
  readonly segments: number;
  readonly status: Status;
  /** Where its delivery ends. */
  readonly finalStatus: Status;
  /** Twilio's code, once it has failed. */
  readonly errorCode: number | null;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
  readonly updatedAt: Date;
};

/** What somebody wants to send; undefined where it was not given. */
export type Draft = {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly service?: string | undefined;
  readonly body?: string | undefined;
  readonly media?: readonly string[] | undefined;
  readonly content?: string | undefined;
};

const BODY_CHARACTERS_MAX = 1_600; // Twilio's
const E164 = /^\+[1-9]\d{1,14}$/;
const CHANNEL = /^[a-z][a-z0-9]{1,20}:.{1,255}$/; // whatsapp:+1…, messenger:…
const SENDER_ID = /^(?:\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11})$/; // short codes and alphanumeric senders

/** Whether a text can be the address of a phone. */
export const isAddress = (text: string): boolean => E164.test(text) || CHANNEL.test(text);

/** Throws what Twilio answers to a message that cannot be sent, in Twilio's order. */
export const assertSendable = ({ from, to, service, body, media = [], content }: Draft): void => {
  if (!to) throw new Rejection('MessageToMissing');
  if (!isAddress(to)) throw new Rejection('InvalidTo', { message: `The 'To' number ${to} is not a valid phone number.` });
  if (!from && !service) throw new Rejection('MessageFromMissing');
  if (from && !isAddress(from) && !SENDER_ID.test(from)) throw new Rejection('InvalidFrom', { message: `The 'From' number ${from} is not a valid phone number, shortcode, or alphanumeric sender ID.` });
  if (!body && media.length === 0 && !content) throw new Rejection('MessageBodyMissing');
  if (body && [...body].length > BODY_CHARACTERS_MAX) throw new Rejection('MessageBodyTooLong');
};

/** A new message: `received` from a phone, or `sent` towards one. */
export const newMessage = (account: AccountSid, direction: Direction, draft: Draft, finalStatus: Status, now: Date): Message => {
  const { from, to = '', service, body = '', media = [] } = draft;
  const isInbound = direction === 'inbound';
  return {
    sid: newSid(media.length > 0 ? 'MM' : 'SM'),
    account,
    direction,
    sender: from ?? null,
    recipient: to,
    service: service ?? null,
    body,
    media,
    segments: segmentsOf(body),
    status: isInbound ? 'received' : 'sent',
    finalStatus: isInbound ? 'received' : finalStatus,
    errorCode: null,
    createdAt: now,
    sentAt: now,
    updatedAt: now,
  };
};
