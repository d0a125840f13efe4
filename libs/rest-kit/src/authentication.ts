import { Rejection, isSid } from '@atelier/contracts';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { CredentialCheck, Principal } from './credential-check.port';
import type { Access, EdgeRequest } from './edge';

/** No credentials asked for: webhooks (which prove themselves by signature), health, documents. On a method or a whole controller. */
export const Public = () => access('public');

/** For the account's auth token only: Standard keys may not touch accounts and keys (`spec/audit-and-keys.md` 4.1). */
export const AccountAuthority = () => access('account-authority');

/** For any credential, which sees what is its account's, and for operators with the token of the installation, who see everything: `@CallerScope`. */
export const Operations = () => access('operations');

/**
 * Runs before the body is read, so that nobody without credentials makes us parse 4 MiB. A route that says nothing asks for credentials.
 */
export const authenticate =
  (credentials: CredentialCheck) =>
  async (request: EdgeRequest): Promise<void> => {
    const needed: Access = request.routeOptions.config.access ?? 'credentials';
    if (request.is404 || needed === 'public') return;
    if (needed === 'operations' && request.server.edge.isOperator(request.headers.authorization)) return;
    const principal = await principalOf(request.headers.authorization, credentials);
    if (needed === 'account-authority' && principal.kind !== 'auth-token') throw new Rejection('InvalidUsername');
    request.principal = principal;
  };

const principalOf = async (header: string | undefined, credentials: CredentialCheck): Promise<Principal> => {
  const [, encoded] = /^basic +([A-Za-z0-9+/_=-]+) *$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) throw new Rejection('NoCredentials');
  const [, user = '', secret = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  const isPlausible = (isSid('AC', user) || isSid('SK', user)) && /^[\x20-\x7e]+$/.test(secret);
  const principal = isPlausible ? await credentials.check(user, secret) : undefined;
  if (!principal) throw new Rejection('AuthenticationFailed');
  return principal;
};

const access = (level: Access): MethodDecorator & ClassDecorator => {
  const mark = RouteConfig({ access: level }) as MethodDecorator;
  const decorate = (target: object, key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (key !== undefined && descriptor) return void mark(target, key, descriptor);
    const { prototype } = target as { prototype: object }; // without a key, the target is the class
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method = Object.getOwnPropertyDescriptor(prototype, name);
      if (name !== 'constructor' && typeof method?.value === 'function') mark(prototype, name, method);
    }
  };
  return decorate as MethodDecorator & ClassDecorator;
};
