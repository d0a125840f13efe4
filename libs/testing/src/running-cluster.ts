import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually';
import { type RunningAtelier, stopDatabaseOf } from './running-atelier';
import { mainOf, startProcess } from './running-process';

/** What `npm run cluster -- status` says: process ids by name. */
export type ClusterStatus = { readonly services: Readonly<Record<string, number>>; readonly workers: Readonly<Record<string, number>>; readonly unready: readonly string[] };

/** All services as processes of this machine, as `npm run cluster` runs them after its build. */
export type RunningCluster = RunningAtelier & {
  readonly brokers: string;
  kafkaPid(): number;
  status(): Promise<ClusterStatus>;
  /** `npm run cluster -- scale N`; resolves once these are the workers. */
  scale(workers: number): Promise<void>;
};

const START_MS = 150_000; // a broker and seven processes on two busy cores
const run = promisify(execFile);

/** Starts the cluster by its command and waits until it answers. */
export const startCluster = async (dataDir: string, workers: number, settings: Readonly<Record<string, string>> = {}): Promise<RunningCluster> => {
  const cache = process.env['ATELIER_CACHE_DIR'] === undefined ? {} : { ATELIER_CACHE_DIR: process.env['ATELIER_CACHE_DIR'] };
  const own = { ATELIER_DATA_DIR: dataDir, ATELIER_HTTP_PORT: '0', ATELIER_CLUSTER_WORKERS: String(workers), ...cache, ...settings };
  const running = await startProcess('cluster', { settings: own, readyMs: START_MS });
  const read = (...path: string[]): string => readFileSync(join(dataDir, ...path), 'utf8').trim();
  const account = JSON.parse(read('account.json')) as { account_sid: string; auth_token: string };
  const command = async (...args: string[]): Promise<string> => (await run(process.execPath, [mainOf('cluster'), '--data', dataDir, ...args], { env: { PATH: process.env['PATH'] } })).stdout;
  return {
    ...running,
    accountSid: account.account_sid,
    authToken: account.auth_token,
    brokers: settings['ATELIER_KAFKA_BROKERS'] ?? `127.0.0.1:${read('kafka', 'kafka.port')}`,
    postgresPid: () => Number(read('postgres-18', 'postmaster.pid').split('\n')[0]),
    kafkaPid: () => Number(read('kafka', 'kafka.pid')),
    status: async () => JSON.parse(await command('status')) as ClusterStatus,
    scale: async (count) => void (await command('scale', String(count))),
  };
};

/** Ends what a killed supervisor left behind, and removes the folder. Its services end by themselves. */
export const removeCluster = async (dataDir: string): Promise<void> => {
  const broker = join(dataDir, 'kafka', 'kafka.pid');
  if (existsSync(broker)) await eventually('its broker has ended', () => isGone(Number(readFileSync(broker, 'utf8'))));
  await stopDatabaseOf(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
};

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 'SIGKILL');
    return false;
  } catch {
    return true;
  }
};
