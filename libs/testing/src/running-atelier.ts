import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningProcess, mainOf, startProcess } from './running-process';

/** The all-in-one product as a process of its own, as `npm start` runs it after its build. */
export type RunningAtelier = RunningProcess & {
  readonly accountSid: string;
  readonly authToken: string;
  /** The process id of its embedded PostgreSQL. */
  postgresPid(): number;
};

export type AtelierOptions = {
  readonly dataDir: string;
  /** Fixed where clients must find a restarted process again; 0 takes a free one. */
  readonly port?: number;
  readonly settings?: Readonly<Record<string, string>>;
  /** Arguments for Node itself. */
  readonly execArgv?: readonly string[];
};

/** The entry point that `npm start` runs; needs a build. */
export const atelierMain = mainOf('atelier');

/** Starts the product and waits until it answers. Throws with its output where it ends before that. */
export const startAtelier = async ({ dataDir, port = 0, settings = {}, execArgv = [] }: AtelierOptions): Promise<RunningAtelier> => {
  const running = await startProcess('atelier', { settings: { ATELIER_DATA_DIR: dataDir, ATELIER_HTTP_PORT: String(port), ...settings }, execArgv });
  const account = JSON.parse(readFileSync(join(dataDir, 'account.json'), 'utf8')) as { account_sid: string; auth_token: string };
  return { ...running, accountSid: account.account_sid, authToken: account.auth_token, postgresPid: () => postgresPid(dataDir) };
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
