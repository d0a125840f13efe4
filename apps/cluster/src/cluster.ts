import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, type DataFolder, Parts, type Running, type Say, createLog, freePort, openDataFolder, startDatabase } from '@atelier/platform';
import { Child, type ChildCare } from './child';
import type { ClusterConfig } from './config';
import { type Controls, askCluster, startControl } from './control';
import { prepareDatabases } from './databases';
import { secretsOf } from './installation';
import { startKafka } from './kafka-part';
import { type Installation, planOf } from './plans';
import { ProcessList } from './process-list';
import { type Proxy, startProxy } from './proxy';
import { deployFolder, readRoutingTable } from './routing-table';
import { type Build, OWN_BUILD, SERVICE_NAMES, type ServiceName, buildIn, mainOf, serviceOf } from './services';
import { Workers } from './workers';

const HOLD_MS = 20_000; // what a restart takes on a busy machine; clients wait that long
const CONNECTIONS_MAX = 400; // every service has pools of its own, and each worker brings three more

/** All services as processes of one machine, behind one origin. */
export type Cluster = Running & { readonly url: string; readonly folder: DataFolder };

/** What services may be told beside what the cluster says itself. */
export type Passed = Readonly<Record<string, string>>;

/** Starts everything in order; what was started is stopped again where a later part fails. One cluster for each data folder. */
export const startCluster = async (config: ClusterConfig, passed: Passed, say: Say, build: Build = OWN_BUILD): Promise<Cluster> => {
  const folder = openDataFolder({ ...config, ATELIER_DATABASE_URL: undefined });
  if (folder.moved) say(`  Data lies in ${folder.dir}, because the database's user cannot enter ${config.ATELIER_DATA_DIR}`);
  if (await askCluster(folder.dir, 'status')) throw new ConfigurationError(`A cluster runs in ${folder.dir} already: \`npm run cluster -- scale N\` changes its workers.`);
  const parts = new Parts(say);
  try {
    const url = await startParts({ config, passed, folder, build }, parts, say);
    return { url, folder, stop: () => parts.stop() };
  } catch (error) {
    await parts.stop().catch((failure: unknown) => say(`what had been started could not be stopped: ${String(failure)}`));
    throw error;
  }
};

type Start = { readonly config: ClusterConfig; readonly passed: Passed; readonly folder: DataFolder; readonly build: Build };

const startParts = async ({ config, passed, folder, build }: Start, parts: Parts, say: Say): Promise<string> => {
  const processes = new ProcessList(folder.dir);
  const left = await processes.endLeftovers();
  if (left.length > 0) say(`  Ended what a former run had left: ${left.join(', ')}`);
  const database = await parts.start('PostgreSQL (embedded)', () => startDatabase(undefined, folder.dir, createLog('cluster', 'warn'), { maxConnections: CONNECTIONS_MAX }), (part) => part.stop());
  const secrets = secretsOf(folder.dir);
  const databases = await parts.start('databases', () => prepareDatabases(database.url, secrets.passwords));
  const brokers = await startKafka(config, passed, folder.dir, parts, say, createLog('cluster', 'error'));
  const ports = Object.fromEntries(await Promise.all(SERVICE_NAMES.map(async (name) => [name, await newPort()] as const))) as Record<ServiceName, number>; // one for each
  const children: Child[] = [];
  const proxy = await parts.start('one origin', () => proxyOf(config, ports, children), (each) => each.close());
  const installation = { folder, secrets, databases, brokers, publicUrl: config.ATELIER_PUBLIC_URL ?? proxy.url, twilioBaseUrl: config.ATELIER_TWILIO_BASE_URL, passed, ports };
  const care = { dataDir: folder.dir, processes, say };
  await startServices({ config, passed, folder, build }, installation, children, care, parts);
  const workers = new Workers(
    async (n, main) => new Child({ ...planOf(installation, 'execution-worker', `execution-worker-${n}`, await newPort(), build), main }, care),
    mainOf('execution-worker', build),
  );
  await parts.start(`execution-worker × ${config.ATELIER_CLUSTER_WORKERS}`, () => workers.scale(config.ATELIER_CLUSTER_WORKERS), async () => void (await workers.scale(0)));
  await parts.start('control', () => startControl(folder.dir, controlsOf(workers, children, proxy, say)), (each) => each.close());
  return proxy.url;
};

const proxyOf = (config: ClusterConfig, ports: Readonly<Record<ServiceName, number>>, children: readonly Child[]): Promise<Proxy> =>
  startProxy({
    host: config.ATELIER_HTTP_HOST,
    port: config.ATELIER_HTTP_PORT,
    table: readRoutingTable(),
    sites: Object.fromEntries(SERVICE_NAMES.map((name) => [name, `http://127.0.0.1:${ports[name]}`])) as Record<ServiceName, string>, // one for each
    trustedProxies: config.ATELIER_TRUSTED_PROXIES.split(',').map((each) => each.trim()).filter((each) => each !== ''),
    openApi: JSON.parse(readFileSync(join(deployFolder, 'openapi.json'), 'utf8')) as object, // generated
    whenUp: async (service) => children.find(({ name }) => name === service)?.up(HOLD_MS),
    unready: async () => (children.length === 0 ? ['everything'] : unreadyOf(children)),
  });

/** The services that others ask come first; each waits until it is ready. The local carrier only where no other is named. */
const startServices = async ({ config, build }: Start, installation: Installation, children: Child[], care: ChildCare, parts: Parts): Promise<void> => {
  const wanted = SERVICE_NAMES.filter((name) => name !== 'execution-worker' && (name !== 'carrier' || config.ATELIER_TWILIO_BASE_URL === undefined));
  for (const name of wanted) {
    const child = new Child(planOf(installation, name, name, installation.ports[name], build), care);
    await parts.start(name, () => child.start(), () => child.stop());
    children.push(child);
  }
};

const unreadyOf = async (children: readonly Child[]): Promise<readonly string[]> => {
  const ready = await Promise.all(children.map((child) => child.isReady()));
  return children.filter((_, n) => !ready[n]).map(({ name }) => name);
};

const controlsOf = (workers: Workers, children: readonly Child[], proxy: Proxy, say: Say): Controls => ({
  scale: async (count) => {
    const began = performance.now();
    const names = await workers.scale(count);
    say(`✓ ${`execution-worker × ${names.length}`.padEnd(34)} ${((performance.now() - began) / 1_000).toFixed(2)} s`);
    return names;
  },
  restart: ({ from, services }) => restarted(workers, children, services.map(serviceOf), from === undefined ? undefined : buildIn(from), say),
  status: async () => ({ url: proxy.url, pid: process.pid, services: Object.fromEntries(children.map(({ name, pid }) => [name, pid])), workers: workers.pids, sites: sitesOf(children), unready: await unreadyOf(children) }),
});

/** One after the other, each once the one before it is ready; the first that fails ends it. Workers before execution-api, so that nobody finds an input that it cannot read. */
const restarted = async (workers: Workers, children: readonly Child[], only: readonly ServiceName[], build: Build | undefined, say: Say): Promise<readonly string[]> => {
  const timed = async (name: string, restart: () => Promise<unknown>): Promise<string> => {
    const began = performance.now();
    await restart();
    say(`✓ ${`${name} anew`.padEnd(34)} ${((performance.now() - began) / 1_000).toFixed(2)} s`);
    return name;
  };
  const mainIn = (name: ServiceName): string | undefined => build && mainOf(name, build);
  const done: string[] = [];
  for (const name of [...SERVICE_NAMES.filter((each) => each !== 'execution-api'), 'execution-api'] as const) {
    if (only.length > 0 && !only.includes(name)) continue;
    const child = children.find((each) => each.name === name);
    if (name === 'execution-worker') done.push(await timed(`execution-worker × ${workers.names.length}`, () => workers.restart(mainIn(name))));
    else if (child) done.push(await timed(name, () => child.restart(mainIn(name))));
  }
  return done;
};

const sitesOf = (children: readonly Child[]): Readonly<Record<string, string>> => Object.fromEntries(children.map(({ name, site }) => [name, site]));

const newPort = async (): Promise<number> => {
  const port = await freePort(0);
  if (port === undefined) throw new ConfigurationError('No free port on 127.0.0.1');
  return port;
};
