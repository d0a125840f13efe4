import { type IncomingMessage, type Server, type ServerResponse, createServer, request as call } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One origin for several services: the first pattern that the path matches says which. */
export type OriginProxy = { readonly url: string; close(): Promise<void> };

export type ProxyRoute = { readonly path: RegExp; readonly to: () => string | undefined };

/** Listens on a free port of loopback. A service that is not there, or breaks off, is a 502. */
export const startProxy = async (routes: readonly ProxyRoute[]): Promise<OriginProxy> => {
  const server = createServer((request, response) => forward(routes, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return { url: `http://127.0.0.1:${port}`, close: () => closed(server) };
};

const forward = (routes: readonly ProxyRoute[], request: IncomingMessage, response: ServerResponse): void => {
  const to = routes.find(({ path }) => path.test(request.url ?? ''))?.to();
  if (to === undefined) return void response.writeHead(502).end();
  const { hostname, port } = new URL(to);
  const onward = call({ hostname, port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  request.pipe(onward);
};

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
