import { createHash, timingSafeEqual } from 'node:crypto';
import { Rejection } from '@atelier/contracts';
import { INTERNAL_MARK } from '@atelier/platform';
import { type CanActivate, type ExecutionContext, Inject, Injectable, UseGuards, applyDecorators } from '@nestjs/common';
import { Public } from './authentication';
import type { EdgeReply, EdgeRequest } from './edge';

/** Token of ATELIER_INTERNAL_TOKEN in Nest. */
export const INTERNAL_TOKEN = Symbol('InternalToken');

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Lets other services of this installation in, by `Authorization: Bearer <ATELIER_INTERNAL_TOKEN>`, and marks the answer as theirs. */
@Injectable()
export class InternalGuard implements CanActivate {
  private readonly expected: Buffer;

  constructor(@Inject(INTERNAL_TOKEN) token: string) {
    this.expected = digest(`Bearer ${token}`);
  }

  canActivate(context: ExecutionContext): boolean {
    const { authorization = '' } = context.switchToHttp().getRequest<EdgeRequest>().headers;
    if (!timingSafeEqual(digest(authorization), this.expected)) throw new Rejection('AuthenticationFailed');
    void context.switchToHttp().getResponse<EdgeReply>().headers({ [INTERNAL_MARK]: '1', 'cache-control': 'no-store' });
    return true;
  }
}

/** For controllers of `/internal/v1`: no account's credentials, the token of the installation. INTERNAL_TOKEN must be provided. */
export const Internal = (): ClassDecorator => applyDecorators(Public() as ClassDecorator, UseGuards(InternalGuard));
