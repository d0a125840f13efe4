import 'reflect-metadata';
import { silentLog } from '@atelier/platform';
import { Controller, Get, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Counter, Registry } from 'prom-client';
import { type Metrics, CREDENTIAL_CHECK, CallerScope, MetricsRegistry, Operations, createHttpApp } from './index';

const AC = `AC${'a'.repeat(32)}` as const;
const TOKEN = 'an-internal-token-of-32-characters';
const bearer = { authorization: `Bearer ${TOKEN}` };
const basic = (secret: string) => ({ authorization: `Basic ${Buffer.from(`${AC}:${secret}`).toString('base64')}` });

@Controller('operations')
@Operations()
class OperationsController {
  @Get(':id')
  look(@CallerScope() scope: string | undefined): object {
    return { scope: scope ?? 'all' };
  }
}
@Module({
  controllers: [OperationsController],
  providers: [{ provide: CREDENTIAL_CHECK, useValue: { check: async (_: string, secret: string) => (secret === 'token' ? { accountSid: AC, kind: 'auth-token', credentialSid: null } : undefined) } }],
})
class Root {}

const open = (options: { internalToken?: string; metricsNetworks?: string[]; trustedProxies?: string[] } = {}) =>
  createHttpApp(Root, { region: 'us1', trustedProxies: [], bodyBytesMax: 1_000, log: silentLog, internalToken: TOKEN, metricsNetworks: ['127.0.0.1'], ...options });
const get = (app: NestFastifyApplication, url: string, headers: Record<string, string> = {}, remoteAddress = '127.0.0.1') => app.inject({ method: 'GET', url, headers, remoteAddress });

describe('GET /metrics', () => {
  let app: NestFastifyApplication;
  beforeAll(async () => (app = await open()));
  afterAll(() => app.close());

  it('is Prometheus text that counts requests by their route, never by what stood in the path', async () => {
    await get(app, '/operations/one', bearer);
    await get(app, '/operations/two', basic('wrong'));
    await get(app, '/nothing/like/this');
    const { statusCode, headers, body } = await get(app, '/metrics');
    expect([statusCode, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
    expect(body).toContain('atelier_http_requests_total{method="GET",route="/operations/:id",status="200"} 1');
    expect(body).toContain('atelier_http_requests_total{method="GET",route="/operations/:id",status="401"} 1');
    expect(body).toContain('atelier_http_requests_total{method="GET",route="none",status="404"} 1');
    expect(body).toMatch(/atelier_event_loop_delay_ms\{thread="main",quantile="0.99"\} [\d.]+/);
  });

  it('adds up what parts and threads tell, and goes on without one that does not answer', async () => {
    const metrics = app.get(MetricsRegistry);
    const made = (n: number): Registry => {
      const registry = new Registry();
      new Counter({ name: 'things_total', help: 'Things.', registers: [registry] }).inc(n);
      return registry;
    };
    metrics.add(made(2));
    metrics.add(async () => JSON.parse(JSON.stringify(await made(3).getMetricsAsJSON())) as Metrics); // as it crosses the boundary of threads
    metrics.add(() => Promise.reject(new Error('the thread is gone')));
    const { body } = await get(app, '/metrics');
    expect(body).toContain('things_total 5');
    expect((await get(app, '/metrics')).body).toMatch(/atelier_metrics_silent_sources_total [1-9]/);
  });

  it('401 from anywhere else without the token of the installation', async () => {
    expect((await get(app, '/metrics', {}, '10.1.2.3')).statusCode).toBe(401);
    expect((await get(app, '/metrics', basic('token'), '10.1.2.3')).statusCode).toBe(401);
    expect((await get(app, '/metrics', bearer, '10.1.2.3')).statusCode).toBe(200);
  });

  it('401 for what a proxy of this machine has passed on, unless it is trusted and names a network of the setting', async () => {
    for (const headers of [{ 'x-forwarded-for': '203.0.113.7' }, { 'x-forwarded-for': '127.0.0.1' }, { forwarded: 'for=127.0.0.1' }]) expect((await get(app, '/metrics', headers)).statusCode).toBe(401);
    const behind = await open({ trustedProxies: ['127.0.0.1'], metricsNetworks: ['10.0.0.0/8'] });
    expect((await get(behind, '/metrics', { 'x-forwarded-for': '10.9.9.9' })).statusCode).toBe(200);
    expect((await get(behind, '/metrics', { 'x-forwarded-for': '203.0.113.7' })).statusCode).toBe(401);
    expect((await get(behind, '/metrics')).statusCode).toBe(401);
    await behind.close();
  });
});

describe('a route of operations', () => {
  it('lets an account see what is its own, an operator everything, and nobody else', async () => {
    const app = await open();
    expect((await get(app, '/operations/1', basic('token'))).json()).toEqual({ scope: AC });
    expect((await get(app, '/operations/1', bearer)).json()).toEqual({ scope: 'all' });
    for (const headers of [{}, basic('wrong'), { authorization: `Bearer ${TOKEN}x` }, { authorization: 'Bearer ' }]) expect((await get(app, '/operations/1', headers as Record<string, string>)).statusCode).toBe(401);
    await app.close();
  });

  it('knows no operator where the installation has no token', async () => {
    const app = await createHttpApp(Root, { region: 'us1', trustedProxies: [], bodyBytesMax: 1_000, log: silentLog });
    for (const authorization of ['Bearer undefined', 'Bearer ', bearer.authorization]) expect((await get(app, '/operations/1', { authorization })).statusCode).toBe(401);
    await app.close();
  });
});
