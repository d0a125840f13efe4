import { isSid } from '@atelier/contracts';
import { Form, Internal, normalSid } from '@atelier/rest-kit';
import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import { FLOWS_CORE, type FlowsCore } from '../flows-core';

const sid = <P extends 'AC' | 'FW'>(prefix: P) =>
  z.string().transform((text, context) => {
    if (isSid(prefix, text)) return normalSid(text);
    context.addIssue({ code: 'custom', message: `expected an identifier that begins with ${prefix}` });
    return z.NEVER;
  });

const flowForm = z.object({ flow_sid: sid('FW') });
const revisionForm = z.object({ account_sid: sid('AC'), flow_sid: sid('FW'), name: z.union([z.int(), z.enum(['LatestPublished', 'LatestRevision'])]) });
const definitionForm = z.object({ account_sid: sid('AC'), flow_sid: sid('FW'), revision: z.int() });

/** The FlowDirectory for other services of this installation, in JSON; what is not there is null. Test users are named here and on no topic (A8). */
@Controller('internal/v1')
@Internal()
export class InternalController {
  constructor(@Inject(FLOWS_CORE) private readonly core: FlowsCore) {}

  /** What is stored now, whatever this process remembers: callers keep it 5 s at the most. */
  @Post('flow')
  @HttpCode(200)
  async flow(@Form(flowForm) { flow_sid }: z.infer<typeof flowForm>): Promise<object> {
    const entry = await this.core.directory.entry(flow_sid);
    if (!entry) return { flow: null };
    const { accountSid, latest, isLatestValid, latestPublished, testUsers } = entry;
    return { flow: { account_sid: accountSid, latest, latest_valid: isLatestValid, latest_published: latestPublished, test_users: testUsers } };
  }

  @Post('flow-revision')
  @HttpCode(200)
  async revision(@Form(revisionForm) { account_sid, flow_sid, name }: z.infer<typeof revisionForm>): Promise<object> {
    return { revision: (await this.core.directory.resolve(account_sid, flow_sid, name)) ?? null };
  }

  @Post('flow-definition')
  @HttpCode(200)
  async definition(@Form(definitionForm) { account_sid, flow_sid, revision }: z.infer<typeof definitionForm>): Promise<object> {
    return { definition: (await this.core.directory.definition(account_sid, flow_sid, revision)) ?? null };
  }
}
