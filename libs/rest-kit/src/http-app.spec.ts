import 'reflect-metadata';
import { request as httpRequest } from 'node:http';
import { RouteTable, unguardedRoutes } from './index';
import { type SampleApp, errorOf, slow, startSampleApp, token } from './sample-app';

let sample: SampleApp;
beforeAll(async () => void (sample = await startSampleApp()));
afterAll(() => sample.close());

describe('every route', () => {
  it('refuses requests without credentials unless it is public', async () => {
    const routes = sample.app.get(RouteTable).all();
    expect(routes.filter(({ access }) => access !== 'public').length).toBeGreaterThan(8);
    expect(routes.filter(({ access, path }) => access === 'public' && !/^\/(health|metrics|schemas|openapi\.json|hook)/.test(path))).toEqual([]);
    expect(await unguardedRoutes(sample.app)).toEqual([]);
  });

  it('answers with a request identifier, also when it fails', async () => {
    for (const path of ['/health', '/v2/Things', '/nowhere', '/v2/Things/defect', '/%zz']) {
      const { headers } = await sample.ask(path);
      expect(headers.get('twilio-request-id')).toMatch(/^RQ[0-9a-f]{32}$/);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
    }
  });
});

describe('404', () => {
  it('names the path without its query', async () => {
    expect(await sample.ask('/nowhere?a=1')).toMatchObject(errorOf('NotFound', 'The requested resource /nowhere was not found'));
    expect(await sample.ask('/v2/Things/FW12')).toMatchObject(errorOf('NotFound', 'The requested resource /v2/Things/FW12 was not found'));
    expect(await sample.ask(`/v2/Things/FW${'1'.repeat(600)}`)).toMatchObject({ status: 404, body: { code: 20404 } });
    expect(await sample.ask('/v2/Things/%zz')).toMatchObject({ status: 404, body: { code: 20404 } });
  });
  it('is no answer to a slash at the end', async () => {
    expect((await sample.ask('/v2/Things/?PageSize=1')).body?.['meta']).toMatchObject({ url: `${sample.url}/v2/Things?PageSize=1&Page=0` });
    expect((await sample.ask(`/v2/Things/FW${'1'.repeat(32)}/`)).status).toBe(200);
    expect((await sample.ask('/v2/Things//')).status).toBe(404);
  });
  it('reads identifiers without regard to case', async () => {
    expect((await sample.ask(`/v2/Things/FW${'AB'.repeat(16)}`)).body).toEqual({ sid: `FW${'ab'.repeat(16)}` });
  });
});

describe('405', () => {
  it('says which methods the path knows', async () => {
    const answer = await sample.ask('/v2/Things', { method: 'DELETE' });
    expect(answer).toMatchObject(errorOf('MethodNotAllowed', 'Method DELETE not allowed, expected GET or HEAD or POST'));
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
  });
  it('is told of a fixed path by its own methods, not by those of identifiers in its place', async () => {
    for (const method of ['GET', 'PUT']) expect(await sample.ask('/v2/Things/conflict', { method })).toMatchObject(errorOf('MethodNotAllowed', `Method ${method} not allowed, expected POST`));
  });
  it('HEAD answers like GET without a body, OPTIONS with the methods', async () => {
    expect(await sample.ask('/v2/Things', { method: 'HEAD' })).toMatchObject({ status: 200, body: undefined });
    const options = await sample.ask('/v2/Things', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST']);
  });
});

describe('500 and 503', () => {
  it('tell nothing of our insides', async () => {
    expect(await sample.ask('/v2/Things/defect')).toMatchObject(errorOf('Internal'));
    const away = await sample.ask('/v2/Things/fault');
    expect(away).toMatchObject(errorOf('Unavailable'));
    expect(away.headers.get('retry-after')).toBe('1');
  });
  it('carry details and headers of a rejection', async () => {
    const answer = await sample.ask('/v2/Things/conflict', { method: 'POST' });
    expect(answer.body).toEqual({ ...errorOf('Conflict').body, details: { sid: 'FN1' } });
    expect(answer.headers.get('x-more')).toBe('1');
  });
  it('what is not HTTP is answered in the same form', async () => {
    const text = await sample.raw('NONSENSE\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({ code: 20001, status: 400 });
  });
});

describe('closing', () => {
  it('finishes the requests in hand, on connections that are kept alive', async () => {
    const closing = await startSampleApp();
    const inside = new Promise<void>((resolve) => (slow.entered = resolve));
    const answer = new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
      const request = httpRequest(`${closing.url}/v2/Things/slow`, { headers: { ...token, connection: 'keep-alive' } }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, connection: response.headers.connection });
      });
      request.on('error', reject).end();
    });
    await inside;
    const closed = closing.close();
    await new Promise((resolve) => setImmediate(resolve));
    slow.release();
    expect(await answer).toEqual({ status: 200, connection: 'close' });
    await closed;
    await expect(fetch(`${closing.url}/health`)).rejects.toThrow();
  });
});
