import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nativeKafkaProblem } from '@atelier/platform';
import { eventually } from './eventually';
import { type RunningAtelier, stopDatabaseOf } from './running-atelier';
import { mainOf, startProcess } from './running-process';
import { testKafka } from './test-kafka';

/** What `npm run cluster -- status` says: process ids by name, and where each of the services listens. */
export type ClusterStatus = {
  readonly services: Readonly<Record<string, number>>;
  readonly workers: Readonly<Record<string, number>>;
  readonly sites: Readonly<Record<string, string>>;
  readonly unready: readonly string[];
};

/** All services as processes of this machine, as `npm run cluster` runs them after its build. */
export type RunningCluster = RunningAtelier & {
  readonly brokers: string;
  /** Of its own broker; undefined where it uses another. */
  kafkaPid(): number | undefined;
  status(): Promise<ClusterStatus>;
  /** `npm run cluster -- scale N`; resolves once these are the workers. */
  scale(workers: number): Promise<void>;
  /** `npm run cluster -- restart [SERVICE ...] [--from FOLDER]`; resolves once each of these, or every process, is another one. */
  restart(from?: string, services?: readonly string[]): Promise<void>;
};

const START_MS = 150_000; // a broker and seven processes on two busy cores
const run = promisify(execFile);

/** A broker of its own where one runs here; else one that other tests share: its topics have names of their own then. */
export const clusterKafka = async (): Promise<Readonly<Record<string, string>>> => {
  const brokers = nativeKafkaProblem() === undefined ? undefined : await testKafka();
  return brokers === undefined ? {} : { ATELIER_KAFKA_BROKERS: brokers, ATELIER_KAFKA_TOPIC_PREFIX: `cluster-${randomBytes(4).toString('hex')}.` };
};

/** Starts the cluster by its command and waits until it answers. `build`: the checkout whose services run; left out: this one. */
export const startCluster = async (dataDir: string, workers: number, settings: Readonly<Record<string, string>> = {}, build?: string): Promise<RunningCluster> => {
  const cache = process.env['ATELIER_CACHE_DIR'] === undefined ? {} : { ATELIER_CACHE_DIR: process.env['ATELIER_CACHE_DIR'] };
  const own = { ATELIER_DATA_DIR: dataDir, ATELIER_HTTP_PORT: '0', ATELIER_CLUSTER_WORKERS: String(workers), ...cache, ...settings };
  const running = await startProcess('cluster', { settings: own, args: fromBuild(build), readyMs: START_MS });
  const read = (...path: string[]): string => readFileSync(join(dataDir, ...path), 'utf8').trim();
  const account = JSON.parse(read('account.json')) as { account_sid: string; auth_token: string };
  const command = async (...args: string[]): Promise<string> => (await run(process.execPath, [mainOf('cluster'), '--data', dataDir, ...args], { env: { PATH: process.env['PATH'] } })).stdout;
  return {
    ...running,
    accountSid: account.account_sid,
    authToken: account.auth_token,
    brokers: settings['ATELIER_KAFKA_BROKERS'] ?? `127.0.0.1:${read('kafka', 'kafka.port')}`,
    postgresPid: () => Number(read('postgres-18', 'postmaster.pid').split('\n')[0]),
    kafkaPid: () => (existsSync(join(dataDir, 'kafka', 'kafka.pid')) ? Number(read('kafka', 'kafka.pid')) : undefined),
    status: () => asked(dataDir),
    scale: async (count) => void (await command('scale', String(count))),
    restart: async (from, services = []) => void (await command('restart', ...services, ...fromBuild(from))),
  };
};

const fromBuild = (build: string | undefined): readonly string[] => (build === undefined ? [] : ['--from', build]);

// What the command asks, without a process of its own: faults are looked at many times a second.
const asked = async (dataDir: string): Promise<ClusterStatus> => {
  const { port, token } = JSON.parse(readFileSync(join(dataDir, 'control.json'), 'utf8')) as { port: number; token: string }; // as control.ts of the cluster writes it
  const answer = await fetch(`http://127.0.0.1:${port}/status`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  return (await answer.json()) as ClusterStatus;
};

/** Ends what a killed supervisor left behind, and removes the folder. Its services end by themselves. */
export const removeCluster = async (dataDir: string): Promise<void> => {
  const broker = join(dataDir, 'kafka', 'kafka.pid');
  if (existsSync(broker)) await eventually('its broker has ended', () => killed(Number(readFileSync(broker, 'utf8'))));
  await stopDatabaseOf(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
};

/** Kills it as long as it is there; whether nobody has this number any more. */
const killed = (pid: number): boolean => {
  try {
    process.kill(pid, 'SIGKILL');
    return false;
  } catch {
    return true;
  }
};
