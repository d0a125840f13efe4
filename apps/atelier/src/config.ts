import { oneOf, wholeNumber } from '@atelier/platform';
import { z } from 'zod';

/** What the all-in-one process itself may be told; the contexts add their own settings to it in settings.ts. */
export const atelierConfig = z.object({
  ATELIER_HTTP_HOST: z.string().default('127.0.0.1').describe('Where it listens.'),
  ATELIER_HTTP_PORT: wholeNumber(8080, 'Port of all HTTP routes; 0 takes a free one.'),
  ATELIER_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional().describe('Stands in every URL of an answer; webhook signatures are checked against it. Left out: the address it listens on.'),
  ATELIER_DATA_DIR: z.string().min(1).default('.atelier').describe('The embedded database, the first account and the master key.'),
  ATELIER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional().describe('PostgreSQL. Left out: the embedded database.'),
  ATELIER_ACCOUNT_SID: z.string().regex(/^AC[0-9a-f]{32}$/).optional().describe('The first account. Left out: generated once and kept in account.json.'),
  ATELIER_AUTH_TOKEN: z.string().regex(/^[0-9a-f]{32}$/).optional().describe('Its auth token: 32 hexadecimal characters. Left out: generated once.'),
  ATELIER_MASTER_KEY_FILE: z.string().optional().describe('Wraps the keys of secrets. Left out: master.key in the data folder, generated once.'),
  ATELIER_INTERNAL_TOKEN: z.string().min(16).optional().describe('Authenticates /internal/v1. Left out: generated at each start.'),
  ATELIER_REGION: z.string().regex(/^[a-z]{2}\d$/).default('us1').describe('On every key and audit record.'),
  ATELIER_TRUSTED_PROXIES: z.string().default('').describe('Addresses or networks, separated by commas, whose X-Forwarded-For is believed.'),
  ATELIER_WEBHOOK_SIGNATURE_CHECK: oneOf(['on', 'off'], 'Whether webhooks must carry a valid X-Twilio-Signature. off: laboratories only.'),
  ATELIER_OUTBOUND_PRIVATE_NETWORKS: oneOf(['refused', 'allowed'], 'Whether HTTP widgets may reach loopback, link-local and private addresses.'),
  ATELIER_TWILIO_BASE_URL: z.url({ protocol: /^https?$/ }).optional().describe('Where messages are sent. Left out: the local carrier.'),
  ATELIER_LIQUID_TIMEZONE: z.string().default('America/Los_Angeles').describe('The zone in which templates print dates, as in Studio.'),
  ATELIER_BODY_BYTES_MAX: wholeNumber(4 * 1024 * 1024, 'A request body; over it 413.', 1024),
  ATELIER_LOG_LEVEL: oneOf(['warn', 'debug', 'info', 'error', 'silent'], 'How much is logged.'),
});
export type AtelierConfig = z.infer<typeof atelierConfig>;
