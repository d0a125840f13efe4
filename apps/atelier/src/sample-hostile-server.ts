import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

type Behaviour = (response: ServerResponse, socket: Socket, request: IncomingMessage) => void;

const MEGABYTE = Buffer.alloc(1_048_576, 'x');
const JSON_TYPE = { 'content-type': 'application/json' };

/** Writes until nobody takes it any more, as fast as it is taken. */
const endlessly = (socket: Socket, chunk: Buffer | string, times = Infinity): void => {
  let left = times;
  const write = (): void => {
    while (!socket.destroyed && left-- > 0) if (!socket.write(chunk)) return void socket.once('drain', write);
  };
  socket.on('error', () => undefined); // the peer cuts it off: that is what is hoped for
  write();
};

const slowly = (socket: Socket, chunk: string): void => {
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(chunk)), 20);
  socket.on('error', () => undefined).on('close', () => clearInterval(timer));
};

/** What a server may do to its callers. */
export const HOSTILE: Readonly<Record<string, Behaviour>> = {
  'a gigabyte': (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n');
    endlessly(socket, MEGABYTE, 1_024);
  },
  'a gigabyte, announced': (response) => void response.writeHead(200, { 'content-length': 1_073_741_824 }).write(MEGABYTE),
  'a byte now and then': (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    slowly(socket, '1\r\nx\r\n');
  },
  silence: () => undefined,
  'headers without an end': (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    endlessly(socket, `x-more: ${'y'.repeat(1_000)}\r\n`);
  },
  'interim answers without an end': (_, socket) => slowly(socket, 'HTTP/1.1 102 Processing\r\n\r\n'),
  'redirects in a circle': (response, _, { url = '' }) => void response.writeHead(302, { location: url }).end(),
  'a redirect to what is no URL': (response) => void response.writeHead(302, { location: 'http://[' }).end(),
  'a redirect to a file': (response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  'half an answer': (response, socket) => {
    response.writeHead(200, { ...JSON_TYPE, 'content-length': 100 }).write('{"half":');
    setTimeout(() => socket.destroy(), 50);
  },
  'no answer at all': (_, socket) => socket.destroy(),
  'no HTTP': (_, socket) => void socket.end('SSH-2.0-OpenSSH_9.9\r\n'),
  'a bomb of zeros': (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(100_000_000))),
};

/** Strange answers that are answers nevertheless. */
export const STRANGE: Readonly<Record<string, Behaviour>> = {
  deep: (response) => void response.writeHead(200, JSON_TYPE).end('{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)),
  prototypes: (response) => void response.writeHead(200, JSON_TYPE).end('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
  unstorable: (response) => void response.writeHead(200, JSON_TYPE).end('{"nul":"\\u0000","half":"\\ud800","\\u0000":"key"}'),
  bytes: (response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end(Buffer.from([0x61, 0xff, 0x00, 0x62])),
  longer: (response, socket) => void (socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}and what nobody asked for'), response.destroy()),
};

const xml =
  (document: string): Behaviour =>
  (response) =>
    void response.writeHead(200, { 'content-type': 'text/xml' }).end(document);
const entities = Array.from({ length: 9 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join('');

/** What a webhook may answer to a message; none of it says anything. */
export const HOSTILE_TWIML: Readonly<Record<string, Behaviour>> = {
  'a billion laughs': xml(`<!DOCTYPE r [<!ENTITY e0 "ha">${entities}]><Response><Reply>&e9;</Reply></Response>`),
  'a file': xml('<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><Response><Message>&e;</Message></Response>'),
  'a deep document': xml(`<Response>${'<a>'.repeat(9_000)}${'</a>'.repeat(9_000)}</Response>`),
  'a document without an end': xml('<Response><Message>half'),
  'prototypes by name': xml('<Response><__proto__>x</__proto__><constructor/></Response>'),
  'TwiML in a circle': xml('<Response><Redirect>TwiML%20in%20a%20circle</Redirect></Response>'),
};

/** `heard`: how often it was asked for that behaviour. */
export type HostileServer = { url(behaviour: string): string; heard(behaviour: string): number; connections(): Promise<number>; close(): void };

/** A server on loopback that behaves as its path says. */
export const startHostileServer = async (): Promise<HostileServer> => {
  const heard = new Map<string, number>();
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1));
    const behaviour = HOSTILE[name] ?? STRANGE[name] ?? HOSTILE_TWIML[name];
    heard.set(name, (heard.get(name) ?? 0) + 1);
    if (!behaviour) return void response.writeHead(404).end();
    return behaviour(response, request.socket, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: (behaviour) => `http://127.0.0.1:${port}/${encodeURIComponent(behaviour)}`,
    heard: (behaviour) => heard.get(behaviour) ?? 0,
    connections: () => new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count)))),
    close: () => void (server.close(), server.closeAllConnections()),
  };
};
