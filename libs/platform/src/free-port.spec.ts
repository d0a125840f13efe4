import { createServer } from 'node:net';
import { freePort, takesConnections } from './free-port';

describe('a free port', () => {
  it('is none that systems give to outgoing connections, which would take it before its server starts', async () => {
    for (let i = 0; i < 20; i++) expect(await freePort(0)).toBeLessThan(32_768);
  });

  it('is the one that was asked for, unless somebody listens there', async () => {
    const port = (await freePort(0)) as number;
    expect(await freePort(port)).toBe(port);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    expect([await freePort(port), await takesConnections(port)]).toEqual([undefined, true]);
    await new Promise((resolve) => server.close(resolve));
  });
});
