import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A stretch of network between two processes that a test can disturb. */
export type TcpProxy = {
  readonly port: number;
  /** The same URL, through here. */
  through(url: string): string;
  /** `broken`: connections end and new ones end at once. `silent`: nothing passes and nobody is told, as where a cable is pulled. */
  cut(how: 'broken' | 'silent'): void;
  /** What waited in silence goes on its way. */
  heal(): void;
  /** From now on each piece takes so long. */
  delay(ms: number): void;
  /** The next time a client sends such bytes, they arrive, their answer does not, and the connection breaks. Resolves once that has happened. */
  loseAnswer(to: (sent: Buffer) => boolean): Promise<void>;
  close(): Promise<void>;
};

type State = { way: 'open' | 'broken' | 'silent'; delayMs: number; losing: { readonly to: (sent: Buffer) => boolean; readonly lost: () => void } | undefined; healed: Promise<void>; heal: () => void };

/** Listens on a free port of loopback and passes everything on. `target`: a URL, or host:port. */
export const startTcpProxy = async (target: string): Promise<TcpProxy> => {
  const { hostname, port: targetPort } = new URL(target.includes('://') ? target : `tcp://${target}`);
  const state: State = { way: 'open', delayMs: 0, losing: undefined, healed: Promise.resolve(), heal: () => undefined };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (state.way === 'broken') return void client.destroy();
    join(client, connect(Number(targetPort), hostname), state, sockets);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const breakAll = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port,
    through: (url) => Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).toString().replace(/\/$/, ''),
    cut: (how) => {
      state.heal();
      state.way = how;
      if (how === 'broken') breakAll();
      else state.healed = new Promise((resolve) => (state.heal = resolve));
    },
    heal: () => {
      state.way = 'open';
      state.heal();
    },
    delay: (ms) => void (state.delayMs = ms),
    loseAnswer: (to) => new Promise((lost) => (state.losing = { to, lost })),
    close: () => closed(server, breakAll),
  };
};

const join = (client: Socket, server: Socket, state: State, sockets: Set<Socket>): void => {
  const pair = { answerIsLost: undefined as (() => void) | undefined };
  const end = (): void => [client, server].forEach((socket) => socket.destroy());
  for (const socket of [client, server]) {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', end);
    socket.on('close', () => {
      sockets.delete(socket);
      end();
    });
  }
  passing(client, server, state, (chunk) => {
    if (!state.losing?.to(chunk)) return true;
    pair.answerIsLost = state.losing.lost;
    state.losing = undefined;
    return true;
  });
  passing(server, client, state, () => {
    if (!pair.answerIsLost) return true;
    end();
    pair.answerIsLost();
    return false;
  });
};

/** In order, each piece after the delay and never while the way is silent. */
const passing = (from: Socket, to: Socket, state: State, look: (chunk: Buffer) => boolean): void => {
  let turn: Promise<unknown> = Promise.resolve();
  from.on('data', (chunk: Buffer) => {
    turn = turn.then(async () => {
      if (state.delayMs > 0) await sleep(state.delayMs);
      while (state.way === 'silent') await state.healed;
      if (look(chunk) && !to.destroyed) to.write(chunk);
    });
  });
};

const closed = (server: Server, breakAll: () => void): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    breakAll();
  });
