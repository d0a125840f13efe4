import { type AccountSid, type Meta, Defect } from '@atelier/contracts';
import { type ExecutionContext, createParamDecorator } from '@nestjs/common';
import type { EdgeRequest } from './edge';

/** Who asks, from where, with which key: parameter of type `Meta`, for commands. Only on routes that ask for credentials. */
export const CallerMeta = createParamDecorator((_: unknown, context: ExecutionContext): Meta => callerMeta(context.switchToHttp().getRequest<EdgeRequest>()));

/** On routes marked `@Operations()`: the account whose things may be seen and touched; undefined for an operator, who may all. */
export const CallerScope = createParamDecorator((_: unknown, context: ExecutionContext): AccountSid | undefined => {
  const { principal, server, headers, routeOptions } = context.switchToHttp().getRequest<EdgeRequest>();
  if (!principal && !server.edge.isOperator(headers.authorization)) throw new Defect(`expected a caller on ${routeOptions.url ?? 'a route'}, found a public route`);
  return principal?.accountSid;
});

/** The meta of an authenticated request. */
export const callerMeta = (request: EdgeRequest): Meta => {
  if (!request.principal) throw new Defect(`expected a caller on ${request.routeOptions.url ?? 'a route'}, found a public route`);
  return { ...requestMeta(request, request.principal.accountSid), credentialSid: request.principal.credentialSid };
};

/** The same for a public route whose account is proven otherwise, by a signature. */
export const requestMeta = (request: EdgeRequest, accountSid: AccountSid): Meta => {
  const { ip, from } = request.server.edge.sourceOf(request.raw);
  return {
    accountSid,
    actorType: 'account',
    actorSid: accountSid,
    credentialSid: null,
    source: 'api',
    sourceIp: ip,
    sourceIpFrom: from,
    region: request.server.edge.region,
    requestSid: request.id as `RQ${string}`, // made by the edge itself (genReqId)
    userAgent: storable(request.headers['user-agent']),
  };
};

const USER_AGENT_MAX = 512; // characters; longer ones say nothing more

const storable = (text: string | undefined): string | null => text?.slice(0, USER_AGENT_MAX) ?? null;
