import type { OpenAPIObject } from '@nestjs/swagger';
import type { Route } from './route-table';

type Operation = { operationId?: string; parameters?: { name: string; in: string }[]; security?: object[]; responses?: object };

const METHODS = ['get', 'post', 'delete', 'put', 'patch'] as const;
const PARAMETER = /\{(\w+)\}/g;

/** What an error looks like, whatever the route. */
const ERROR = {
  type: 'object',
  properties: { code: { type: 'integer' }, message: { type: 'string' }, more_info: { type: 'string' }, status: { type: 'integer' }, details: { type: 'object' } },
  required: ['code', 'message', 'more_info', 'status'],
};

/** Adds what decorators of our own do not tell Nest: names that are unique, parameters of paths, routes without credentials, errors. */
export const completed = (document: OpenAPIObject, routes: readonly Route[]): object => {
  const open = new Set(routes.filter(({ access }) => access === 'public').map(({ method, path }) => `${method.toLowerCase()} ${documentedPath(path)}`));
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method] as Operation | undefined; // only the members above are touched
      if (operation) complete(operation, `${method} ${path}`, open.has(`${method} ${path}`));
    }
  }
  return { ...document, components: { ...document.components, schemas: { ...document.components?.schemas, Error: ERROR } } };
};

const complete = (operation: Operation, name: string, isPublic: boolean): void => {
  operation.operationId = name.replace(/\W+/g, '_').replace(/_$/, '');
  const others = (operation.parameters ?? []).filter((parameter) => parameter.in !== 'path');
  const own = [...name.matchAll(PARAMETER)].map(([, parameter = '']) => ({ name: parameter, in: 'path', required: true, schema: { type: 'string' } }));
  operation.parameters = [...own, ...others];
  operation.responses = { ...operation.responses, default: { description: 'An error', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } } };
  if (isPublic) operation.security = [];
};

const documentedPath = (path: string): string => path.replace('*', ':path').replace(/:(\w+)/g, '{$1}');
