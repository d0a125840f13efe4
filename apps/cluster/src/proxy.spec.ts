import { type Server, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type Proxy, startProxy } from './proxy';
import { readRoutingTable } from './routing-table';
import { SERVICE_NAMES, type ServiceName } from './services';

const servers: Server[] = [];
const arrived: string[] = [];
let proxy: Proxy;
let whenUp: Promise<void> = Promise.resolve();

/** A service that says what came to it. */
const service = async (name: ServiceName): Promise<[ServiceName, string]> => {
  const server = createServer((request, response) => {
    arrived.push(`${name} ${request.url} from ${request.headers['x-forwarded-for']}`);
    response.end(name);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return [name, `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
};

/** The first line and the body of what is answered; clients of libraries would tidy the path up before they send it. */
const raw = (line: string, headers = ''): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1', () => socket.write(`${line} HTTP/1.1\r\nHost: atelier\r\n${headers}Connection: close\r\n\r\n`));
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve({ status: Number(text.split(' ', 2)[1]), body: text.split('\r\n\r\n', 2)[1] ?? '' }));
  });

beforeAll(async () => {
  const sites = Object.fromEntries(await Promise.all(SERVICE_NAMES.map(service))) as Record<ServiceName, string>; // one for each
  proxy = await startProxy({ host: '127.0.0.1', port: 0, table: readRoutingTable(), sites, trustedProxies: [], openApi: {}, whenUp: () => whenUp, unready: async () => [] });
});
beforeEach(() => void arrived.splice(0));
afterAll(async () => {
  await proxy.close();
  for (const server of servers) server.close();
});

describe('what services tell each other and who watches them', () => {
  it.each([
    '/internal', '/internal/', '/internal/v1/authenticate', '/INTERNAL/v1/authenticate', '//internal/v1/authenticate', '/%69nternal/v1/authenticate', '/internal%2Fv1/authenticate',
    '/internal/v1/authenticate?x=1', 'http://127.0.0.1:1/internal/v1/authenticate', '/metrics', '/metrics/', '/METRICS', '/%6detrics?x=1', '//metrics',
  ])('is not reached from outside as %s', async (path) => {
    for (const method of ['GET', 'POST', 'PROPFIND']) expect(await raw(`${method} ${path}`)).toMatchObject({ status: 404 });
    expect(arrived).toEqual([]);
  });

  // A proxy that forwards a path resolves these, and would send to one route what it had looked up as another.
  it.each([
    '/schemas/../internal/v1/directory', '/schemas/%2e%2e/internal/v1/directory', '/schemas/%2E./internal/v1/directory', '/schemas/..%2finternal/v1/directory', '/./internal/v1/directory',
    '/schemas/x\\..\\..\\internal\\v1\\directory', '/v2\\..\\internal', '/./metrics', '/schemas/..', '/schemas/%ff',
  ])('is not reached around the corner as %s', async (path) => {
    expect(await raw(`GET ${path}`)).toMatchObject({ status: 404, body: expect.stringContaining('"code":20404') });
    expect(arrived).toEqual([]);
  });
});

describe('a request', () => {
  it.each([
    ['/v2/Flows?x=/internal/../y', 'flow-service'],
    ['/v2/Flows/', 'flow-service'],
    ['http://elsewhere:1/v2/Flows', 'flow-service'],
    ['/v2/Flows/FW1/Executions', 'execution-api'],
    ['/schemas/a...b', 'flow-service'],
    ['/atelier/v1/Topics/atelier.audit.events/Records', 'audit-service'],
    ['/carrier/v1/Phones/whatsapp%3A%2B1555/Messages', 'carrier'],
    ['/2010-04-01/Accounts.json', 'credentials-service'],
    ['/nobody/knows', 'execution-api'],
  ])('to %s goes to %s, as it came', async (path, name) => {
    expect(await raw(`GET ${path}`)).toMatchObject({ status: 200, body: expect.stringContaining(name) });
    expect(arrived).toEqual([`${name} ${path.replace(/^http:\/\/[^/]+/, '')} from 127.0.0.1`]);
  });

  // What a service says of its own connection would keep this one open for over a minute.
  it('is the last of its connection where it says so', async () => {
    const began = performance.now();
    await raw('GET /v2/Flows');
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('comes from where it comes from, whatever it says', async () => {
    await raw('GET /v2/Flows', 'X-Forwarded-For: 203.0.113.7\r\n');
    expect(arrived).toEqual(['flow-service /v2/Flows from 127.0.0.1']);
  });

  it('waits while its service restarts, its body with it', async () => {
    let up: () => void = () => undefined;
    whenUp = new Promise((resolve) => (up = resolve));
    const answer = fetch(`${proxy.url}/v2/Flows`, { method: 'POST', body: 'a=b' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(arrived).toEqual([]);
    up();
    expect((await answer).status).toBe(200);
    expect(arrived).toEqual(['flow-service /v2/Flows from 127.0.0.1']);
  });
});
