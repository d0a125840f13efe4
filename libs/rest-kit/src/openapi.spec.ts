import 'reflect-metadata';
import { RouteTable } from './index';
import { type SampleApp, startSampleApp, token } from './sample-app';

let sample: SampleApp;
beforeAll(async () => void (sample = await startSampleApp()));
afterAll(() => sample.close());

describe('documents', () => {
  it('verbatim JSON stands in the answer as it is', async () => {
    const answer = await fetch(`${sample.url}/v2/Things/verbatim`, { headers: token });
    expect(await answer.text()).toBe('{"a":1,"definition":{"z":1.0,"a":{"2":1,"1":2}},"b":null}');
  });
  it('health and readiness are public', async () => {
    expect(await (await fetch(`${sample.url}/health`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${sample.url}/health/ready`)).json()).toEqual({ status: 'ready', checks: {} });
  });
  it('OpenAPI names every route and its parameters', async () => {
    const document = (await (await fetch(`${sample.url}/openapi.json`)).json()) as { paths: Record<string, Record<string, unknown>> };
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/v2/Things', '/v2/Things/{sid}', '/2010-04-01/Accounts/{account}/Keys.json', '/health']));
    expect(Object.keys((document.paths['/v2/Things']?.['post'] as { requestBody: { content: object } }).requestBody.content)).toEqual(['application/x-www-form-urlencoded', 'application/json']);
    expect(JSON.stringify(document.paths['/v2/Things']?.['post'])).toContain('FriendlyName');
    expect(JSON.stringify(document.paths['/v2/Things/dates']?.['get'])).toContain('Since');
  });
  it('OpenAPI holds every route once, with its own name, its path parameters and whether it asks for credentials', async () => {
    type Operation = { operationId: string; parameters?: { in: string; name: string }[]; security?: object[] };
    const document = (await (await fetch(`${sample.url}/openapi.json`)).json()) as { openapi: string; paths: Record<string, Record<string, Operation>> };
    const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
    const routes = sample.app.get(RouteTable).all().filter(({ method }) => method !== 'HEAD');
    expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(
      routes.map(({ method, path }) => `${method} ${path.replace('*', ':path').replace(/:(\w+)/g, '{$1}')}`).sort(),
    );
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const { path, operation } of operations) {
      const named = (operation.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => `{${name}}`);
      expect(named.sort()).toEqual([...path.matchAll(/\{\w+\}/g)].map(String).sort());
    }
    expect(operations.filter(({ operation }) => operation.security?.length === 0).map(({ path }) => path)).toEqual(['/health', '/health/ready', '/metrics', '/schemas', '/schemas/{path}', '/openapi.json', '/hook']);
    expect(document.paths['/v2/Things']?.['get']?.parameters?.map(({ name }) => name)).toEqual(['PageSize', 'Page', 'PageToken']);
    expect(document.openapi).toBe('3.1.0'); // its schemas are JSON Schema 2020-12
  });
  it('an unknown schema is 404', async () => expect((await sample.ask('/schemas/x.json')).status).toBe(404));
});
