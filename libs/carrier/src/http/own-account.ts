import { type AccountSid, Rejection, isSid } from '@atelier/contracts';
import { type EdgeRequest, callerMeta, normalSid } from '@atelier/rest-kit';
import { type ExecutionContext, createParamDecorator } from '@nestjs/common';

/** The account in the path, which must be the credential's; any other is not found. */
export const OwnAccount = createParamDecorator((_: unknown, context: ExecutionContext): AccountSid => {
  const request = context.switchToHttp().getRequest<EdgeRequest>();
  const { account } = request.params as { account: string }; // every route here names it
  const { accountSid } = callerMeta(request);
  if (!isSid('AC', account) || normalSid(account) !== accountSid) throw new Rejection('NotFound');
  return accountSid;
});
