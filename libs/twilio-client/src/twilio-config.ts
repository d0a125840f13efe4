import { z } from 'zod';

/** Which carrier the widgets call. */
export const twilioConfig = z.object({
  ATELIER_TWILIO_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where widgets send messages: https://api.twilio.com, or any host that speaks its API. Left out: the local carrier.'),
});

/** A carrier: Twilio, a compatible host, or the local one. */
export type CarrierSite = {
  /** Origin and optional path prefix, without a slash at its end. */
  readonly baseUrl: string;
  /** Whether a message that a look-up does not find was certainly never accepted: true of the local carrier, not of Twilio (invariant A5). */
  readonly isLookupConclusive: boolean;
};
