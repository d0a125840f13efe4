import type { Message, Status } from './message';

/** Names and values of a form, in Twilio's order. */
export type Parameters = readonly (readonly [string, string])[];

const API_VERSION = '2010-04-01';

/** What Twilio tells the StatusCallback URL. */
export const statusParameters = (message: Message, status: Status | 'queued', errorCode: number | null): Parameters => [
  ...(errorCode === null ? [] : [['ErrorCode', String(errorCode)] as const]),
  ['SmsSid', message.sid],
  ['SmsStatus', status],
  ['MessageStatus', status],
  ['To', message.recipient],
  ['MessageSid', message.sid],
  ['AccountSid', message.account],
  ...(message.service === null ? [] : [['MessagingServiceSid', message.service] as const]),
  ...(message.sender === null ? [] : [['From', message.sender] as const]),
  ['ApiVersion', API_VERSION],
];

/** What Twilio tells the SmsUrl of a number. Places of numbers are not known here: the names are sent, empty. */
export const inboundParameters = (message: Message): Parameters => [
  ['ToCountry', countryOf(message.recipient)],
  ['ToState', ''],
  ['SmsMessageSid', message.sid],
  ['NumMedia', String(message.media.length)],
  ['ToCity', ''],
  ['FromZip', ''],
  ['SmsSid', message.sid],
  ['FromState', ''],
  ['SmsStatus', 'received'],
  ['FromCity', ''],
  ['Body', message.body],
  ['FromCountry', countryOf(message.sender ?? '')],
  ['To', message.recipient],
  ['ToZip', ''],
  ['NumSegments', String(message.segments)],
  ['MessageSid', message.sid],
  ['AccountSid', message.account],
  ['From', message.sender ?? ''],
  ['ApiVersion', API_VERSION],
  ...message.media.flatMap((url, i) => [[`MediaUrl${i}`, url] as const, [`MediaContentType${i}`, 'application/octet-stream'] as const]),
];

const countryOf = (address: string): string => (address.startsWith('+1') ? 'US' : '');
