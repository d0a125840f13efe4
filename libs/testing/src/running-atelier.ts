import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The all-in-one product as a process of its own, as `npm start` runs it after its build. */
export type RunningAtelier = {
  readonly url: string;
  readonly accountSid: string;
  readonly authToken: string;
  readonly pid: number;
  /** What it printed so far. */
  output(): string;
  /** The process id of its embedded PostgreSQL. */
  postgresPid(): number;
  /** Sends a signal and waits until the process has ended: its exit code, or the signal that ended it. */
  end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | string>;
};

export type AtelierOptions = {
  readonly dataDir: string;
  /** Fixed where clients must find a restarted process again; 0 takes a free one. */
  readonly port?: number;
  readonly settings?: Readonly<Record<string, string>>;
  /** Arguments for Node itself. */
  readonly execArgv?: readonly string[];
};

const START_DEADLINE_MS = 60_000; // initdb and migrations on a slow machine
const READY = /is ready at (http:\/\/\S+)/;

/** The entry point that `npm start` runs; needs a build. */
export const atelierMain = join(__dirname, '..', '..', '..', 'apps', 'atelier', 'dist', 'main.js');

/** Starts the product and waits until it answers. Throws with its output where it ends before that. */
export const startAtelier = async ({ dataDir, port = 0, settings = {}, execArgv = [] }: AtelierOptions): Promise<RunningAtelier> => {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ATELIER_DATA_DIR: dataDir, ATELIER_HTTP_PORT: String(port), ...settings };
  const child = spawn(process.execPath, [...execArgv, atelierMain], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = await ready(child, () => output);
  const account = JSON.parse(readFileSync(join(dataDir, 'account.json'), 'utf8')) as { account_sid: string; auth_token: string };
  return {
    url,
    accountSid: account.account_sid,
    authToken: account.auth_token,
    pid: child.pid as number,
    output: () => output,
    postgresPid: () => postgresPid(dataDir),
    end: (signal) => ended(child, signal),
  };
};

/** Ends the database that a killed process left behind. */
export const stopDatabaseOf = async (dataDir: string): Promise<void> => {
  const { startEmbeddedPostgres } = await import('@atelier/platform');
  await (await startEmbeddedPostgres({ dataDir })).stop();
};

/** Ends the database that a killed process left behind, and removes the folder. */
export const removeAtelier = async (dataDir: string): Promise<void> => {
  await stopDatabaseOf(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
};

const postgresPid = (dataDir: string): number => Number(readFileSync(join(dataDir, 'postgres-18', 'postmaster.pid'), 'utf8').split('\n')[0]);

const ready = (child: ChildProcess, output: () => string): Promise<string> =>
  new Promise((resolve, reject) => {
    const deadline = setTimeout(() => fail(`not ready within ${START_DEADLINE_MS} ms`), START_DEADLINE_MS);
    const fail = (why: string): void => {
      clearTimeout(deadline);
      child.kill('SIGKILL');
      reject(new Error(`Atelier did not start: ${why}\n${output()}`));
    };
    const look = (): void => {
      const url = READY.exec(output())?.[1];
      if (!url) return;
      clearTimeout(deadline);
      child.off('exit', early);
      resolve(url);
    };
    const early = (code: number | null): void => fail(`it ended with ${code}`);
    child.stdout?.on('data', look);
    child.once('exit', early);
  });

const ended = (child: ChildProcess, signal: NodeJS.Signals): Promise<number | string> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode ?? child.signalCode ?? 0);
    child.once('exit', (code, by) => resolve(code ?? by ?? 0));
    child.kill(signal);
  });
