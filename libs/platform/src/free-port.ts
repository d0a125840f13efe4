import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

// Below those that systems give to outgoing connections: a server that starts later, or starts again, must not find its port taken by one of them.
const OURS = { from: 10_000, to: 32_000 };
const TRIES = 100;

/** The port where it is free on loopback (0: any), or undefined. */
export const freePort = async (port: number): Promise<number | undefined> => {
  if (port !== 0) return probed(port);
  for (let i = 0; i < TRIES; i++) {
    const found = await probed(randomInt(OURS.from, OURS.to));
    if (found !== undefined) return found;
  }
  return probed(0);
};

const probed = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });

/** Whether somebody takes connections there. */
export const takesConnections = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
