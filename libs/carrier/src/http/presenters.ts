import { rfc2822 } from '@atelier/rest-kit';
import type { RequestedFault } from '../faults';
import type { Message } from '../message';
import type { PhoneNumber } from '../phone-numbers';

const API_VERSION = '2010-04-01';

/** The Messages resource. Prices are null: nobody pays here. */
export const presentMessage = (message: Message, status: string = message.status): object => {
  const uri = `/${API_VERSION}/Accounts/${message.account}/Messages/${message.sid}`;
  const hasFailed = status === 'failed' || status === 'undelivered';
  return {
    body: message.body,
    num_segments: String(message.segments),
    direction: message.direction,
    from: message.sender,
    to: message.recipient,
    date_updated: rfc2822(message.updatedAt),
    price: null,
    error_message: null,
    uri: `${uri}.json`,
    account_sid: message.account,
    num_media: String(message.media.length),
    status,
    messaging_service_sid: message.service,
    sid: message.sid,
    date_sent: message.sentAt && status !== 'queued' ? rfc2822(message.sentAt) : null,
    date_created: rfc2822(message.createdAt),
    error_code: hasFailed ? message.errorCode : null,
    price_unit: 'USD',
    api_version: API_VERSION,
    subresource_uris: { media: `${uri}/Media.json` },
  };
};

/** The IncomingPhoneNumbers resource. */
export const presentNumber = ({ sid, account, phoneNumber, friendlyName, settings, createdAt, updatedAt }: PhoneNumber): object => ({
  sid,
  account_sid: account,
  phone_number: phoneNumber,
  friendly_name: friendlyName,
  ...settings,
  address_requirements: 'none',
  address_sid: null,
  api_version: API_VERSION,
  beta: false,
  bundle_sid: null,
  capabilities: { voice: true, sms: true, mms: true, fax: false },
  date_created: rfc2822(createdAt),
  date_updated: rfc2822(updatedAt),
  emergency_address_sid: null,
  emergency_address_status: 'unregistered',
  emergency_status: 'Inactive',
  identity_sid: null,
  origin: 'twilio',
  sms_application_sid: '',
  status: 'in-use',
  trunk_sid: null,
  uri: `/${API_VERSION}/Accounts/${account}/IncomingPhoneNumbers/${sid}.json`,
  voice_application_sid: '',
  voice_caller_id_lookup: false,
  voice_receive_mode: 'voice',
});

/** A message as its phone shows it. */
export const presentOnPhone = ({ sid, direction, sender, service, recipient, body, media, status, createdAt }: Message): object => ({
  sid,
  direction,
  from: sender ?? service,
  to: recipient,
  body,
  media,
  status,
  date_created: createdAt.toISOString(),
});

export const presentFault = ({ id, kind, recipient, remaining, httpStatus, errorCode, delayMs }: RequestedFault): object => ({
  id,
  kind,
  to: recipient,
  remaining,
  http_status: httpStatus,
  error_code: errorCode,
  delay_ms: delayMs,
});
