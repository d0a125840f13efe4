import { isSid } from '@atelier/contracts';
import { formBoolean, normalSid, repeated, text } from '@atelier/rest-kit';
import { z } from 'zod';

const FRIENDLY_NAME_MAX = 255; // Unspecified by Twilio: 1..255 characters, not unique
const COMMIT_MESSAGE_MAX = 4_096; // Unspecified by Twilio
const CONTACT_MAX = 256;
const TEST_USERS_MAX = 1_000; // Unspecified by Twilio

const friendlyName = text(FRIENDLY_NAME_MAX, 1).describe('A name for people.');
const status = z.enum(['draft', 'published'], { error: 'expected draft or published' });
const definition = z.string().describe('The definition as JSON text.');
const commitMessage = text(COMMIT_MESSAGE_MAX).optional().describe('What was changed.');

/** POST /v2/Flows and POST /v2/Flows/Validate. */
export const createForm = z.object({ FriendlyName: friendlyName, Status: status, Definition: definition, CommitMessage: commitMessage });

/** POST /v2/Flows/{Sid}. */
export const updateForm = z.object({ FriendlyName: friendlyName.optional(), Status: status, Definition: definition.optional(), CommitMessage: commitMessage });

export const testUsersForm = z.object({
  TestUsers: repeated(text(CONTACT_MAX, 1))
    .refine((users) => users.length <= TEST_USERS_MAX, `must have at most ${TEST_USERS_MAX} entries`)
    .describe('Contacts that run the latest revision, also a draft. Replaces the list; a single empty value clears it.'),
});

/** POST /atelier/v1/Flows/Import. A JSON body may hold the definition as an object, too. */
export const importForm = z.object({
  FriendlyName: friendlyName,
  Definition: z
    .union([z.string(), z.looseObject({}).transform((value) => JSON.stringify(value))], { error: 'expected JSON text or an object' })
    .describe('A definition, also in the format of 2018 exports.'),
  Status: status.default('draft'),
  CommitMessage: commitMessage,
  FlowSid: z
    .string()
    .transform((sid, context) => {
      if (isSid('FW', sid)) return normalSid(sid);
      context.addIssue({ code: 'custom', message: 'expected a flow identifier' });
      return z.NEVER;
    })
    .optional()
    .describe('Kept when free, so that references of other flows keep working.'),
  Coerce: formBoolean.default(true).describe('Converts values into the type that Studio wants where that is certain.'),
  DanglingNext: z.enum(['end', 'keep'], { error: 'expected end or keep' }).default('keep').describe('What becomes of a branch to a state that does not exist.'),
});
