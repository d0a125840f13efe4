import { Rejection, engineMeta, isSid } from '@atelier/contracts';
import { Form, Internal, normalSid } from '@atelier/rest-kit';
import type { ApiKey, StudioKeyCause } from '@atelier/twilio-client';
import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import { CREDENTIALS_CORE, type CredentialsCore } from '../credentials-core';

const sid = <P extends 'AC' | 'FN' | 'FW' | 'SK'>(prefix: P) =>
  z.string().transform((text, context) => {
    if (isSid(prefix, text)) return normalSid(text);
    context.addIssue({ code: 'custom', message: `expected an identifier that begins with ${prefix}` });
    return z.NEVER;
  });

const authenticateForm = z.object({ user: z.string(), secret: z.string() });
const accountForm = z.object({ account_sid: sid('AC') });
const studioKeyForm = z.object({
  account_sid: sid('AC'),
  execution_sid: sid('FN').optional(),
  flow_sid: sid('FW').optional(),
  refused_sid: sid('SK').optional().describe('The provider refused this key with 401/20003.'),
});
type StudioKeyForm = z.infer<typeof studioKeyForm>;

/** What other services of this installation ask (`spec/atelier.md` 2), in JSON. Callers keep an answer 5 s at the most. */
@Controller('internal/v1')
@Internal()
export class InternalController {
  constructor(@Inject(CREDENTIALS_CORE) private readonly core: CredentialsCore) {}

  /** Whose a pair of user name and secret is; 401/20003 for nobody's. */
  @Post('authenticate')
  @HttpCode(200)
  async authenticate(@Form(authenticateForm) { user, secret }: z.infer<typeof authenticateForm>): Promise<object> {
    const principal = await this.core.check.check(user, secret);
    if (!principal) throw new Rejection('AuthenticationFailed');
    return { account_sid: principal.accountSid, credential_sid: principal.credentialSid, kind: principal.kind };
  }

  /** Auth tokens, to check and to make signatures: none for an account that is unknown, suspended or closed. */
  @Post('signing-token')
  @HttpCode(200)
  async signingToken(@Form(accountForm) { account_sid: account }: z.infer<typeof accountForm>): Promise<object> {
    const tokens = await this.core.signingToken.tokens(account);
    if (tokens.length > 0) await this.core.witness.secretRead({ resource: 'account-auth-token', subject: account }, engineMeta(account, this.core.region));
    return { tokens };
  }

  /** The Studio API Key with its secret. After a refusal: the new one, or null where the refused key still exists. */
  @Post('studio-key')
  @HttpCode(200)
  async studioKey(@Form(studioKeyForm) form: StudioKeyForm): Promise<object> {
    const cause = causeOf(form);
    const key = await this.keyOf(form, cause);
    if (key) await this.core.witness.secretRead({ resource: 'account-api-keys', subject: key.sid }, engineMeta(form.account_sid, this.core.region, cause));
    return { sid: key?.sid ?? null, secret: key?.secret ?? null };
  }

  private keyOf({ account_sid, refused_sid }: StudioKeyForm, cause: StudioKeyCause): Promise<ApiKey | undefined> {
    const { studioKey } = this.core;
    return refused_sid === undefined ? studioKey.ensure(account_sid, cause) : studioKey.replaceRefused(account_sid, refused_sid, cause);
  }
}

const causeOf = ({ execution_sid, flow_sid }: StudioKeyForm): StudioKeyCause => ({
  ...(execution_sid && { executionSid: execution_sid }),
  ...(flow_sid && { flowSid: flow_sid }),
});
