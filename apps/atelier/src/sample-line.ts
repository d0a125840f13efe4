import { type Socket, connect, createServer } from 'node:net';

/** A line to a server that can be cut and mended. */
export type Line = { readonly port: number; cut(): Promise<void>; mend(): Promise<void>; close(): Promise<void> };

/** Listens on loopback and passes everything on. */
export const lineTo = async (port: number): Promise<Line> => {
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    return socket.on('error', () => undefined).on('close', () => open.delete(socket)); // a cut line says so on both sides
  };
  const server = createServer((near) => {
    const far = keep(connect(port, '127.0.0.1'));
    keep(near).pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  const listen = (at: number): Promise<void> => new Promise((resolve) => server.listen(at, '127.0.0.1', resolve));
  const cut = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
  };
  await listen(0);
  const address = server.address();
  const own = typeof address === 'object' && address ? address.port : 0;
  return { port: own, cut, mend: () => listen(own), close: () => (server.listening ? cut() : Promise.resolve()) };
};
