import type { Twilio } from 'twilio';

/** What the official client throws where it was refused. */
export type Refused = { readonly status: number; readonly code: number; readonly message: string; readonly details?: { readonly errors: { property_path: string; message: string }[]; readonly warnings: unknown[] } };

/** The official client with its base URLs changed, and nothing else. A key is of an account that is named beside it. */
export const officialClient = (url: string, user: string, secret: string, accountSid = user): Twilio => {
  for (const name of ['TWILIO_REGION', 'TWILIO_EDGE']) delete process.env[name]; // it rewrites host names by these
  const twilio = require('twilio') as typeof import('twilio'); // it takes its time to load, and most specs never need it
  const client = twilio(user, secret, { accountSid });
  for (const domain of [client.studio, client.monitor, client.api, client.iam]) domain.baseUrl = url;
  return client;
};

/** What a call was refused with. */
export const refusalOf = (call: Promise<unknown>): Promise<Refused> =>
  call.then(
    (value) => Promise.reject(new Error(`expected a refusal, found ${JSON.stringify(value)}`)),
    (error: Refused) => error,
  );
