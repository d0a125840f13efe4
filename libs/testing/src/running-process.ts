import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

/** An app as a process of its own, as it is run after its build. */
export type RunningProcess = {
  readonly url: string;
  readonly pid: number;
  /** What it printed so far. */
  output(): string;
  /** Sends a signal and waits until the process has ended: its exit code, or the signal that ended it. */
  end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | string>;
};

export type ProcessOptions = {
  readonly settings: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Arguments for Node itself. */
  readonly execArgv?: readonly string[];
  /** Left out: a minute. */
  readonly readyMs?: number;
};

const START_DEADLINE_MS = 60_000; // initdb and migrations on a slow machine
const READY = /is ready at (http:\/\/\S+)/;

/** The entry point of an app; needs a build. */
export const mainOf = (app: string): string => join(__dirname, '..', '..', '..', 'apps', app, 'dist', 'main.js');

/** Starts an app and waits until it says that it is ready. Throws with its output where it ends before that. */
export const startProcess = async (app: string, { settings, args = [], execArgv = [], readyMs = START_DEADLINE_MS }: ProcessOptions): Promise<RunningProcess> => {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings };
  const child = spawn(process.execPath, [...execArgv, mainOf(app), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { url: await ready(app, child, () => output, readyMs), pid: child.pid as number, output: () => output, end: (signal) => ended(child, signal) };
};

const ready = (app: string, child: ChildProcess, output: () => string, readyMs: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const deadline = setTimeout(() => fail(`not ready within ${readyMs} ms`), readyMs);
    const fail = (why: string): void => {
      clearTimeout(deadline);
      child.kill('SIGKILL');
      reject(new Error(`${app} did not start: ${why}\n${output()}`));
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
