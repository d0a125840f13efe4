import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, type Server as TcpServer, type Socket, createServer as createTcpServer } from 'node:net';
import { type HttpCaller, type HttpCallerOptions, createHttpCaller } from './http-caller';

type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string };
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const serve = async (handler: Handler): Promise<{ url: string; port: number; seen: Seen[] }> => {
  const seen: Seen[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
      handler(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, seen };
};

const caller = (options: Partial<HttpCallerOptions> = {}): HttpCaller => {
  const made = createHttpCaller({ privateNetworks: 'allowed', ...options });
  cleanups.push(() => made.close());
  return made;
};

const ok: Handler = (_, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
const redirectTo = (location: string, status = 302): Handler => (_, response) => response.writeHead(status, { location }).end();

describe('an answer', () => {
  it('comes with status, type, headers and text', async () => {
    const { url, seen } = await serve((_, response) => response.writeHead(404, { 'Content-Type': 'application/json', 'X-Two': ['a', 'b'] }).end('{"a":1}'));
    const result = await caller().call({ method: 'POST', url: `${url}/p?q=1#part`, headers: { 'content-type': 'application/json' }, body: '{"ü":1}' });
    expect(result).toMatchObject({ kind: 'answer', status: 404, contentType: 'application/json', body: '{"a":1}', headers: { 'x-two': 'a, b' } });
    expect(seen).toEqual([expect.objectContaining({ method: 'POST', url: '/p?q=1', body: '{"ü":1}' })]);
  });

  it.each([
    ['text/plain; charset=ISO-8859-1', Buffer.from([0xe4]), 'ä'],
    ['text/plain; charset="utf-16le"', Buffer.from('ä€', 'utf16le'), 'ä€'],
    ['text/plain', Buffer.from('ä€'), 'ä€'],
    ['text/plain; charset=nonsense', Buffer.from('ä'), 'ä'],
    ['application/json', Buffer.from([0xff, 0x61]), '\ufffda'],
  ])('is decoded as %s says', async (type, bytes, text) => {
    const { url } = await serve((_, response) => response.writeHead(200, { 'content-type': type }).end(bytes));
    expect(await caller().call({ method: 'GET', url })).toMatchObject({ body: text });
  });

  it('may be asked for with credentials in the URL', async () => {
    const { port, seen } = await serve(ok);
    await caller().call({ method: 'GET', url: `http://us%40er:p%3Ass@127.0.0.1:${port}/` });
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('us@er:p:ss').toString('base64')}`);
  });
});

describe('no answer', () => {
  it.each(['', 'example.com', 'ftp://example.com/', 'file:///etc/passwd', 'http://', 'javascript:alert(1)', 'http://a b/'])('"%s" is no usable URL', async (url) =>
    expect(await caller().call({ method: 'GET', url })).toMatchObject({ kind: 'failure', reason: 'invalid-url', wasSent: false }));

  it('of a port where nobody listens was not sent', async () => {
    const { url, port } = await serve(ok);
    await cleanups.pop()?.();
    expect(await caller().call({ method: 'POST', url })).toMatchObject({ reason: 'network', wasSent: false, message: expect.stringContaining(String(port)) });
  });

  it('of a peer that hangs up may have been sent, and is not sent again', async () => {
    const { url, seen } = await serve((request) => request.socket.destroy());
    expect(await caller().call({ method: 'GET', url })).toMatchObject({ reason: 'network', wasSent: true });
    expect(seen).toHaveLength(1);
  });

  it('within the time is a timeout, also where headers came and the body drips', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 5);
      response.on('close', () => clearInterval(drip));
    });
    expect(await caller({ timeoutMs: 100 }).call({ method: 'GET', url })).toMatchObject({ reason: 'timeout', wasSent: true });
  });

  it('to the name of a server that never answers the look-up is a timeout, and nothing was sent', async () =>
    expect(await caller({ timeoutMs: 50, resolve: () => undefined }).call({ method: 'POST', url: 'http://slow.test/' })).toMatchObject({ reason: 'timeout', wasSent: false }));

  it('is waited for once the caller gives up, or has given up before', async () => {
    const stop = new AbortController();
    const { url, seen } = await serve(() => stop.abort());
    expect(await caller().call({ method: 'POST', url, signal: stop.signal })).toMatchObject({ reason: 'network', wasSent: true });
    expect(await caller().call({ method: 'POST', url, signal: stop.signal })).toMatchObject({ reason: 'network', wasSent: false });
    expect(seen).toHaveLength(1);
  });

  it('counts the time over all redirects together', async () => {
    const slow = await serve((_, response) => void setTimeout(() => response.writeHead(302, { location: '/again' }).end(), 60));
    expect(await caller({ timeoutMs: 100 }).call({ method: 'GET', url: slow.url })).toMatchObject({ reason: 'timeout' });
    expect(slow.seen.length).toBeLessThanOrEqual(2);
  });

  it('of what is not HTTP is a network failure', async () => {
    const tcp: TcpServer = createTcpServer((socket: Socket) => void socket.end('220 mail ready\r\n'));
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => tcp.close());
    expect(await caller().call({ method: 'GET', url: `http://127.0.0.1:${(tcp.address() as AddressInfo).port}/` })).toMatchObject({ reason: 'network' });
  });
});

describe('the size of an answer', () => {
  it('may be exactly the limit', async () => {
    const { url } = await serve((_, response) => response.end('x'.repeat(65_536)));
    expect(await caller().call({ method: 'GET', url })).toMatchObject({ kind: 'answer', body: 'x'.repeat(65_536) });
  });

  it('of one byte more is too large', async () => {
    const { url } = await serve((_, response) => response.end('x'.repeat(65_537)));
    expect(await caller().call({ method: 'GET', url })).toMatchObject({ reason: 'too-large' });
  });

  it('announced as 1 GB is refused before its body is read', async () => {
    const { url } = await serve((_, response) => void response.writeHead(200, { 'content-length': String(1024 ** 3) }).write('x'));
    expect(await caller().call({ method: 'GET', url })).toMatchObject({ reason: 'too-large' });
  });

  it('never ending is cut at the limit, and the connection with it', async () => {
    let sent = 0;
    const closed = new Promise<void>((resolve) => {
      void serve((_, response) => {
        const pump = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(16_384))) sent += 16_384;
        };
        response.on('drain', pump).on('close', resolve);
        pump();
      }).then(async ({ url }) => expect(await caller().call({ method: 'GET', url })).toMatchObject({ reason: 'too-large' }));
    });
    await closed;
    expect(sent).toBeLessThan(64 * 1024 * 1024); // what fits into socket buffers, not what the peer would send in ten seconds
  });
});

describe('redirects', () => {
  it.each([
    [301, 'GET'], [302, 'GET'], [303, 'GET'], [307, 'POST'], [308, 'POST'],
  ])('%i turns POST into %s', async (status, method) => {
    const target = await serve(ok);
    const { url } = await serve(redirectTo(`${target.url}/there`, status));
    await caller().call({ method: 'POST', url, headers: { 'content-type': 'text/plain' }, body: 'hello' });
    expect(target.seen).toEqual([expect.objectContaining({ method, url: '/there', body: method === 'POST' ? 'hello' : '' })]);
  });

  it('keep credentials within the origin, never the signature', async () => {
    const { url, seen } = await serve((request, response) => (request.url === '/' ? redirectTo('/next')(request, response) : ok(request, response)));
    await caller().call({ method: 'GET', url, headers: { authorization: 'Basic eA==', 'x-twilio-signature': 's' } });
    expect(seen.map(({ headers }) => [headers.authorization, headers['x-twilio-signature']])).toEqual([['Basic eA==', 's'], ['Basic eA==', undefined]]);
  });

  it('lose credentials, the signature and our own headers at another origin', async () => {
    const target = await serve(ok);
    const { port } = await serve(redirectTo(target.url, 307));
    const headers = { 'x-twilio-signature': 's', 'x-own': '1', 'content-type': 'text/plain' };
    await caller().call({ method: 'POST', url: `http://user:secret@127.0.0.1:${port}/`, headers, body: 'b' });
    expect(target.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(target.seen[0]?.headers).not.toHaveProperty('x-twilio-signature');
    expect(target.seen[0]?.headers).not.toHaveProperty('x-own');
    expect(target.seen[0]?.headers).toHaveProperty('content-type', 'text/plain');
  });

  it('are followed five times and no more', async () => {
    const { url, seen } = await serve((request, response) => redirectTo(`/${seen.length}`)(request, response));
    expect(await caller().call({ method: 'GET', url })).toMatchObject({ reason: 'bad-redirect' });
    expect(seen).toHaveLength(6);
  });

  it('to what is no web address fail', async () => {
    const { url } = await serve(redirectTo('ftp://example.com/'));
    expect(await caller().call({ method: 'GET', url })).toMatchObject({ reason: 'bad-redirect' });
  });

  it('are the answer where the caller says so', async () => {
    const { url, seen } = await serve((_, response) => response.writeHead(302, { location: '/x' }).end('moved'));
    expect(await caller().call({ method: 'POST', url, redirects: 'answer' })).toMatchObject({ status: 302, body: 'moved' });
    expect(seen).toHaveLength(1);
  });
});

describe('private networks, unless allowed', () => {
  it.each(['127.0.0.1', 'localhost', '0x7f.1', '2130706433', '017700000001', '127.1', '[::1]', '[::ffff:7f00:1]', '0.0.0.0'])('are refused as %s', async (host) => {
    const { port, seen } = await serve(ok);
    const result = await caller({ privateNetworks: 'refused' }).call({ method: 'GET', url: `http://${host}:${port}/` });
    expect(result).toMatchObject({ kind: 'failure', reason: 'refused-address', wasSent: false });
    expect(seen).toEqual([]);
  });

  it('are refused behind a name, also when it first answered with a public address', async () => {
    const { port, seen } = await serve(ok);
    let lookups = 0;
    const rebinding = caller({
      privateNetworks: 'refused',
      timeoutMs: 200,
      // 3ffe::/16 was given back to IANA and is routed nowhere.
      resolve: (_, done) => done(null, [++lookups === 1 ? { address: '3ffe::1', family: 6 } : { address: '127.0.0.1', family: 4 }]),
    });
    await rebinding.call({ method: 'GET', url: `http://rebind.test:${port}/` });
    expect(await rebinding.call({ method: 'GET', url: `http://rebind.test:${port}/` })).toMatchObject({ kind: 'failure' });
    expect(await rebinding.call({ method: 'GET', url: `http://rebind2.test:${port}/` })).toMatchObject({ reason: 'refused-address', wasSent: false });
    expect(seen).toEqual([]);
  });

  it('are refused as the target of a redirect', async () => {
    const inside = await serve(ok);
    const { url } = await serve(redirectTo(inside.url));
    const result = await caller({ privateNetworks: 'refused' }).call({ method: 'GET', url, trustedOrigin: url });
    expect(result).toMatchObject({ reason: 'refused-address' });
    expect(inside.seen).toEqual([]);
  });

  it('do not hold back the origin that the operator chose', async () => {
    const { url } = await serve(ok);
    expect(await caller({ privateNetworks: 'refused' }).call({ method: 'GET', url, trustedOrigin: url })).toMatchObject({ status: 200 });
  });
});
