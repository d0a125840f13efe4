import { type AccountSid, Rejection, isSid } from '@atelier/contracts';
import { type EdgeRequest, callerMeta, normalSid, pathOf } from '@atelier/rest-kit';
import { type CanActivate, type ExecutionContext, Inject, Injectable, createParamDecorator } from '@nestjs/common';
import { CREDENTIALS_CORE, type CredentialsCore } from '../credentials-core';
import type { DeniedAction } from '../credentials.events';

/**
 * For routes of accounts and keys: only an account's auth token may, for itself and for its subaccounts (`spec/audit-and-keys.md` 4.1, 5). Here and not
 * before the body, as `AccountAuthority` would, because each denied attempt is recorded (invariant A10).
 */
@Injectable()
export class AuthorityGuard implements CanActivate {
  constructor(@Inject(CREDENTIALS_CORE) private readonly core: CredentialsCore) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<EdgeRequest>();
    const account = accountOf(request);
    if (request.principal?.kind !== 'auth-token') throw await this.denied(request, new Rejection('InvalidUsername'));
    if (!(await this.core.tables.isAuthorityOver(request.principal.accountSid, account))) throw await this.denied(request, new Rejection('NotFound'));
    return true;
  }

  private async denied(request: EdgeRequest, answer: Rejection): Promise<Rejection> {
    await this.core.witness.denied(attemptOf(request), callerMeta(request));
    return answer;
  }
}

/** Who asks, with the account in the path as the one whose matter it is. Only where AuthorityGuard stands. */
export const OwnerMeta = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<EdgeRequest>();
  return { ...callerMeta(request), accountSid: accountOf(request) };
});

type Params = { readonly account?: string; readonly sid?: string };

// Routes without an account in their path are about the caller's.
const accountOf = (request: EdgeRequest): AccountSid => {
  const { account = callerMeta(request).accountSid } = request.params as Params; // of our own routes
  if (!isSid('AC', account)) throw new Rejection('NotFound');
  return normalSid(account);
};

/** What was attempted, as an event tells it. */
const attemptOf = (request: EdgeRequest) => {
  const { account, sid } = request.params as Params;
  const resource = /\/(Signing)?Keys\b/.test(pathOf(request)) ? ('account-api-keys' as const) : ('account' as const);
  const named = resource === 'account' ? account : sid;
  return { resource, action: actionOf(request.method, named !== undefined), subject: isSid('SK', sid) ? normalSid(sid) : accountOf(request) };
};

const actionOf = (method: string, isNamed: boolean): DeniedAction => {
  if (method === 'POST') return isNamed ? 'update' : 'create';
  return method === 'DELETE' ? 'delete' : 'read';
};
