import { Rejection } from '@atelier/contracts';
import { type ArgumentsHost, type ExceptionFilter, Catch, NotFoundException } from '@nestjs/common';
import { type EdgeReply, type EdgeRequest, pathOf } from './edge';
import { errorAnswer, isInternal } from './error-answer';
import type { RouteTable } from './route-table';

/** The one place where an error becomes HTTP. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly routes: RouteTable) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<EdgeRequest>();
    const reply = host.switchToHttp().getResponse<EdgeReply>();
    if (reply.sent) return; // the client went away, or the handler answered by itself
    const allowed = isNotFound(thrown) ? this.routes.methodsOf(pathOf(request)) : [];
    const isOtherMethod = allowed.length > 0 && !allowed.includes(request.method);
    if (isOtherMethod && request.method === 'OPTIONS') return void reply.status(204).header('allow', allowed.join(', ')).send();
    const error = isOtherMethod ? methodNotAllowed(request.method, allowed) : thrown;
    if (isInternal(error)) request.server.edge.log.error({ request: request.id, method: request.method, route: request.routeOptions.url, err: error }, 'request failed');
    const { status, headers, body } = errorAnswer(error, pathOf(request));
    void reply.status(status).headers(headers).type('application/json; charset=utf-8').send(body);
  }
}

// Without a route, or as an identifier that is none: `GET /v2/Flows/Validate`.
const isNotFound = (thrown: unknown): boolean => thrown instanceof NotFoundException || (thrown instanceof Rejection && thrown.name === 'NotFound');

const methodNotAllowed = (method: string, allowed: readonly string[]) =>
  new Rejection('MethodNotAllowed', { message: `Method ${method} not allowed, expected ${allowed.join(' or ')}`, headers: { allow: allowed.join(', ') } });
