import { isSid } from '@atelier/contracts';
import { normalSid, text } from '@atelier/rest-kit';
import { z } from 'zod';

const FRIENDLY_NAME_MAX = 64; // characters, Twilio's for accounts and keys

const friendlyName = text(FRIENDLY_NAME_MAX).optional().describe('A name for people.');
const status = z.enum(['active', 'suspended', 'closed'], { error: 'expected active, suspended or closed' });

/** POST /2010-04-01/Accounts.json and POST Keys.json; renaming takes the same. */
export const namedForm = z.object({ FriendlyName: friendlyName });

/** POST /2010-04-01/Accounts/{Sid}.json. */
export const accountForm = z.object({ FriendlyName: friendlyName, Status: status.optional().describe('Only of a subaccount, by its owner; closed is final.') });

/** GET /2010-04-01/Accounts.json. */
export const accountFilter = z.object({ FriendlyName: z.string().optional(), Status: status.optional() });

const accountSid = z
  .string()
  .transform((sid, context) => {
    if (isSid('AC', sid)) return normalSid(sid);
    context.addIssue({ code: 'custom', message: 'expected an account identifier' });
    return z.NEVER;
  })
  .describe('The account of the credentials.');

/** GET /v1/Keys. */
export const iamFilter = z.object({ AccountSid: accountSid });

// Restricted keys are not made yet, and only they have a policy.
const noPolicy = z.undefined({ error: 'only a restricted key has one' }).optional();

/** POST /v1/Keys. */
export const iamCreateForm = z.object({
  AccountSid: accountSid,
  FriendlyName: friendlyName,
  KeyType: z.undefined({ error: 'restricted keys cannot be created here' }).optional(),
  Policy: noPolicy,
});

/** POST /v1/Keys/{Sid}. */
export const iamUpdateForm = z.object({ FriendlyName: friendlyName, Policy: noPolicy });
