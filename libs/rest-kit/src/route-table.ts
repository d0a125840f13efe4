import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Access } from './edge';

/** One route of the running application; `path` is the pattern, such as `/v2/Flows/:sid`. */
export type Route = { readonly method: string; readonly path: string; readonly access: Access };

/** Every route that was registered: for 405, for tests over all routes. */
export class RouteTable {
  private readonly routes: (Route & { readonly pattern: RegExp })[] = [];

  /** Must be called before the first route is registered. */
  watch(instance: FastifyInstance): void {
    instance.addHook('onRoute', ({ method, url, config }) => {
      for (const each of [method].flat()) this.routes.push({ method: each, path: url, access: config?.access ?? 'credentials', pattern: patternOf(url) });
    });
  }

  all(): readonly Route[] {
    return this.routes.map(({ method, path, access }) => ({ method, path, access }));
  }

  /** The methods that some route answers on this path; none for an unknown path. A fixed path is no identifier in its place. */
  methodsOf(path: string): string[] {
    const matching = this.routes.filter(({ pattern }) => pattern.test(path));
    const fixed = matching.filter((route) => route.path === path);
    return [...new Set((fixed.length > 0 ? fixed : matching).map(({ method }) => method))].sort();
  }
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, (c) => (c === '*' ? '.*' : `\\${c}`)).replace(/:\w+/g, '[^/]+')}/?$`);

/** For a test over a whole application: the routes that answer somebody without credentials although they are not public. */
export const unguardedRoutes = async (app: NestFastifyApplication): Promise<readonly Route[]> => {
  const closed = app.get(RouteTable).all().filter(({ access }) => access !== 'public');
  const answers = await Promise.all(closed.map(({ method, path }) => app.inject({ method: method as 'GET', url: path }))); // a method that the route names
  return closed.filter((_, i) => answers[i]?.statusCode !== 401);
};
