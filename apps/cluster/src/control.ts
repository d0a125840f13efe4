import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { join } from 'node:path';
import { ConfigurationError } from '@atelier/platform';
import { z } from 'zod';

const ANSWER_MS = 900_000; // processes finish what they have in hand, one after the other
const access = z.object({ port: z.int(), token: z.string() });

/** What the running cluster does when another command asks. */
export type Controls = {
  scale(workers: number): Promise<readonly string[]>;
  restart(choice: RestartChoice): Promise<readonly string[]>;
  status(): Promise<object>;
};
export type Command = 'status' | `scale/${number}` | `restart?${string}`;

/** `from`: the folder of a build; left out: each from where it runs. `services`: those alone; none: all. */
export type RestartChoice = { readonly from?: string | undefined; readonly services: readonly string[] };

export const restartCommand = ({ from, services }: RestartChoice): Command => {
  const query = new URLSearchParams(services.map((service) => ['service', service]));
  if (from !== undefined) query.set('from', from);
  return `restart?${query.toString()}`;
};
export type Control = { close(): Promise<void> };

const fileOf = (dataDir: string): string => join(dataDir, 'control.json');

/** Listens on loopback; the way in lies in the data folder, for its owner alone. */
export const startControl = async (dataDir: string, controls: Controls): Promise<Control> => {
  const token = randomBytes(16).toString('hex');
  const server = createServer((request, response) => void answer(request, response, token, controls));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  writeFileSync(fileOf(dataDir), JSON.stringify({ port: typeof address === 'object' ? address?.port : 0, token }), { mode: 0o600 });
  return {
    close: async () => {
      rmSync(fileOf(dataDir), { force: true });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** Asks the cluster of a data folder; undefined where none runs. */
export const askCluster = async (dataDir: string, command: Command): Promise<unknown> => {
  if (!existsSync(fileOf(dataDir))) return undefined;
  const { port, token } = access.parse(JSON.parse(readFileSync(fileOf(dataDir), 'utf8')));
  const answered = await fetch(`http://127.0.0.1:${port}/${command}`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(ANSWER_MS) }).catch(nobody);
  if (answered?.status === 500) throw new ConfigurationError(await answered.text());
  return answered?.ok ? answered.json() : undefined;
};

// The file of a cluster that was killed: nobody listens there.
const nobody = (error: unknown): undefined => {
  if (error instanceof TypeError) return undefined;
  throw error;
};

const answer = async (request: IncomingMessage, response: ServerResponse, token: string, controls: Controls): Promise<void> => {
  if (request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
  try {
    const result = await done(controls, new URL(request.url ?? '/', 'http://127.0.0.1'));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.message : String(error));
  }
};

const done = async (controls: Controls, { pathname, searchParams }: URL): Promise<object> => {
  const [, command, argument] = pathname.split('/');
  if (command === 'scale') return { workers: await controls.scale(Number(argument)) };
  if (command === 'restart') return { restarted: await controls.restart({ from: searchParams.get('from') ?? undefined, services: searchParams.getAll('service') }) };
  return controls.status();
};
