import { createHash, timingSafeEqual } from 'node:crypto';
import { Rejection } from '@atelier/contracts';
import type { EdgeRequest } from '@atelier/rest-kit';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';

/** Token of ATELIER_INTERNAL_TOKEN in Nest. */
export const INTERNAL_TOKEN = Symbol('InternalToken');

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Lets other services of this installation in, by `Authorization: Bearer <ATELIER_INTERNAL_TOKEN>`. */
@Injectable()
export class InternalGuard implements CanActivate {
  private readonly expected: Buffer;

  constructor(@Inject(INTERNAL_TOKEN) token: string) {
    this.expected = digest(`Bearer ${token}`);
  }

  canActivate(context: ExecutionContext): boolean {
    const { authorization = '' } = context.switchToHttp().getRequest<EdgeRequest>().headers;
    if (!timingSafeEqual(digest(authorization), this.expected)) throw new Rejection('AuthenticationFailed');
    return true;
  }
}
