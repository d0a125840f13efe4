import type { Log } from '@atelier/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from './credential-check.port';
import type { SourceOf } from './source-address';

/**
 * Who may call a route: everybody, any credential of an account, only the account's own authority (not Standard keys), or any credential and the
 * operators of the installation.
 */
export type Access = 'public' | 'credentials' | 'account-authority' | 'operations';

/** What the edge knows of its deployment, reachable from every request as `request.server.edge`. */
export type Edge = {
  publicUrl: string;
  readonly region: string;
  readonly sourceOf: SourceOf;
  readonly log: Log;
  /** Whether this `Authorization` is the installation's own token: operators and other services. */
  readonly isOperator: (authorization: string | undefined) => boolean;
  readonly mayReadMetrics: (request: FastifyRequest) => boolean;
};

declare module 'fastify' {
  interface FastifyInstance {
    edge: Edge;
  }
  interface FastifyRequest {
    /** Who asks; undefined on public routes. */
    principal: Principal | undefined;
    /** The body's bytes as they came, for signatures; undefined where there was no body. */
    rawBody: Buffer | undefined;
  }
  interface FastifyContextConfig {
    access?: Access;
  }
}

export type EdgeRequest = FastifyRequest;
export type EdgeReply = FastifyReply;

/** The path of the request without its query. */
export const pathOf = (request: EdgeRequest): string => request.url.split('?', 1)[0] ?? '/';

/** The URL that the client was told to call: what webhook signatures are checked against. */
export const publicUrlOf = (request: EdgeRequest): string => request.server.edge.publicUrl + request.url;
