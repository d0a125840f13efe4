import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type InternalClient, INTERNAL_MARK, createInternalClient } from './internal-client';

const TOKEN = 'an-internal-token-of-32-characters';
const SECRET = 'what-was-asked-and-answered';

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

let answering: Answering;
let asked: number;
let server: Server;
let client: InternalClient;
beforeEach(async () => {
  asked = 0;
  server = createServer((request, response) => {
    asked++;
    request.resume().on('end', () => answering(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = createInternalClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, token: TOKEN, answerMs: 500 });
});
afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const answer = (status: number, body: unknown, headers: Record<string, string> = { [INTERNAL_MARK]: '1' }): Answering => (_, response) =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));

const failure = () => client.ask('thing', { secret: SECRET }).then((value) => Promise.reject(new Error(`expected a failure, found ${JSON.stringify(value)}`)), (error: Error) => error);

describe('a question to another service', () => {
  it('goes with the token of the installation, and brings the answer', async () => {
    answering = (request, response) => answer(200, { path: request.url, authorization: request.headers.authorization })(request, response);
    expect(await client.ask('thing', {})).toEqual({ path: '/internal/v1/thing', authorization: `Bearer ${TOKEN}` });
  });

  it('is refused in the words of the other service', async () => {
    answering = answer(404, { code: 20404, status: 404, message: 'there is none' });
    expect(await failure()).toMatchObject({ name: 'NotFound', message: 'there is none' });
  });

  it.each<[string, Answering]>([
    ['an error of the other service', answer(500, { code: 20500, status: 500, message: 'x' })],
    ['an answer without the mark, as of a wrong token or a wrong address', answer(200, { ok: true }, {})],
    ['a refusal without the mark', answer(401, { code: 20003, status: 401, message: 'Authenticate' }, {})],
    ['what is no JSON', answer(200, `<html>${SECRET}`)],
    ['a refusal in a form that is not ours', answer(418, { secret: SECRET })],
    ['a connection that is closed without an answer', (request) => request.socket.destroy()],
    ['no answer in time', () => undefined],
  ])('is a Fault that tells nothing of its contents: %s', async (_, how) => {
    answering = how;
    const error = await failure();
    expect(error.name).toBe('Fault');
    for (const text of [error.message, String(error.stack)]) for (const secret of [TOKEN, SECRET]) expect(text).not.toContain(secret);
  });

  it('is asked once more where the connection was lost, as when the other service has just restarted', async () => {
    answering = (request, response) => (asked === 1 ? request.socket.destroy() : answer(200, { ok: true })(request, response));
    expect(await client.ask('thing', {})).toEqual({ ok: true });
  });
});

describe('a service where nobody listens', () => {
  const RESTART_MS = 400;
  let port: number;
  let patient: InternalClient;
  const listening = () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const ended = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  beforeEach(() => {
    port = (server.address() as AddressInfo).port;
    patient = createInternalClient({ url: `http://127.0.0.1:${port}`, token: TOKEN, restartMs: RESTART_MS });
    answering = answer(200, { ok: true });
  });
  afterEach(() => patient.close());

  it('is waited for while it restarts', async () => {
    await patient.ask('thing', {});
    await ended();
    const asking = patient.ask('thing', {});
    setTimeout(() => void listening(), RESTART_MS / 4);
    expect(await asking).toEqual({ ok: true });
  });

  it('is waited for no longer than a restart takes, and by nobody after that, until it answers again', async () => {
    await ended();
    const durationOf = async () => {
      const began = performance.now();
      await expect(patient.ask('thing', {})).rejects.toMatchObject({ name: 'Fault' });
      return performance.now() - began;
    };
    expect(await durationOf()).toBeGreaterThan(RESTART_MS);
    expect(await durationOf()).toBeLessThan(RESTART_MS / 2);
    await listening();
    expect(await patient.ask('thing', {})).toEqual({ ok: true });
    await ended();
    expect(await durationOf()).toBeGreaterThan(RESTART_MS);
  });
});

describe('whether another service answers', () => {
  it('is told by its health', async () => {
    answering = answer(200, { status: 'ok' }, {});
    await client.reach();
    answering = answer(503, {}, {});
    await expect(client.reach()).rejects.toMatchObject({ name: 'Fault' });
    await new Promise((resolve) => server.close(resolve).closeAllConnections());
    await expect(client.reach()).rejects.toMatchObject({ name: 'Fault' });
  });
});
