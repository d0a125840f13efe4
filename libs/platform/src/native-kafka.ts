/**
 * A real Apache Kafka without installing one: its own Maven artifacts on the machine's Java, one process that is broker and controller.
 *
 * K1. The broker belongs to the data folder, not to the process: a second start adopts a running one, and it outlives a killed application.
 * K2. The folder is formatted once; after kill -9 a start finds what was written.
 * K3. It listens on loopback only.
 * K4. It is for tests and for one machine: with a single copy of each record, what the operating system had not written is lost with the machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Fault } from '@atelier/contracts';
import { freePort, takesConnections } from './free-port';
import { isAlive } from './is-alive';
import { fetchKafkaJars, nativeKafkaProblem } from './kafka-files';
import { type Log, silentLog } from './logger';

export { cacheConfig, nativeKafkaProblem } from './kafka-files';

export type NativeKafka = {
  /** For `ATELIER_KAFKA_BROKERS`. */
  readonly brokers: string;
  readonly pid: number;
  /** Resolves when the process is gone. SIGTERM, the default, lets the broker close its files. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
};

export type NativeKafkaOptions = {
  /** Holds `data/`, `server.properties`, `kafka.log`, `kafka.pid`. */
  readonly dataDir: string;
  /** Left out: the one it had before, else a free one. */
  readonly port?: number;
  /** `ATELIER_CACHE_DIR`. */
  readonly cacheDir?: string | undefined;
  /** Lines for `server.properties` behind ours; of two with one name the last counts. */
  readonly properties?: readonly string[];
  readonly log?: Log;
};

const START_MS = 60_000; // 3 s where nobody else works, 5 s after kill -9
const STOP_MS = 30_000;
const LOOK_MS = 50;
const HEAP = '-Xmx512m';

/** Starts (or adopts) the broker of a data folder. Throws a Fault that says why where it cannot run here or does not come up. */
export const startNativeKafka = async ({ dataDir: wanted, port: wantedPort, cacheDir, properties = [], log = silentLog }: NativeKafkaOptions): Promise<NativeKafka> => {
  const dataDir = resolve(wanted);
  const running = await runningIn(dataDir);
  if (running) return handleOf(running.port, running.pid);
  const problem = nativeKafkaProblem(cacheDir);
  if (problem !== undefined) throw new Fault(problem);
  const jars = join(await fetchKafkaJars(cacheDir), '*');
  mkdirSync(join(dataDir, 'data'), { recursive: true });
  const port = await portFor(dataDir, wantedPort);
  writeFileSync(join(dataDir, 'server.properties'), [...(await propertiesFor(dataDir, port)), ...properties, ''].join('\n'));
  if (!existsSync(join(dataDir, 'data', 'meta.properties'))) await format(dataDir, jars);
  const began = performance.now();
  const child = java(dataDir, [HEAP, '-XX:+UseSerialGC', '-cp', jars, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', 'kafka.Kafka', 'server.properties']);
  child.unref();
  const pid = await serving(dataDir, child, port);
  writeFileSync(join(dataDir, 'kafka.pid'), String(pid));
  log.info({ port, pid, ms: Math.round(performance.now() - began) }, 'Apache Kafka serves');
  return handleOf(port, pid);
};

const handleOf = (port: number, pid: number): NativeKafka => ({
  brokers: `127.0.0.1:${port}`,
  pid,
  stop: async (signal = 'SIGTERM') => {
    if (isAlive(pid)) process.kill(pid, signal);
    if (await gone(pid, STOP_MS)) return;
    process.kill(pid, 'SIGKILL'); // it hangs in its own shutdown
    await gone(pid, STOP_MS);
  },
});

const runningIn = async (dataDir: string): Promise<{ port: number; pid: number } | undefined> => {
  const [pid, port] = [numberIn(join(dataDir, 'kafka.pid')), numberIn(join(dataDir, 'kafka.port'))];
  return isAlive(pid) && (await takesConnections(port)) ? { port, pid } : undefined;
};

const numberIn = (file: string): number => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);

const portFor = async (dataDir: string, wanted: number | undefined): Promise<number> => {
  const file = join(dataDir, 'kafka.port');
  const port = (await freePort(wanted ?? numberIn(file))) ?? (wanted === undefined ? await freePort(0) : undefined);
  if (port === undefined) throw new Fault(`expected a free port for Apache Kafka on 127.0.0.1, found ${wanted ?? 'none'} taken`);
  writeFileSync(file, String(port));
  return port;
};

// The quorum's voters are written at the first start; a controller on another port would not be found by its own broker.
const propertiesFor = async (dataDir: string, port: number): Promise<readonly string[]> => {
  const file = join(dataDir, 'controller.port');
  const controller = (await freePort(numberIn(file))) ?? (await freePort(0));
  if (controller === undefined) throw new Fault('no free port for the controller of Apache Kafka on 127.0.0.1');
  writeFileSync(file, String(controller));
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `log.dirs=${join(dataDir, 'data')}`,
    'auto.create.topics.enable=false',
    'group.initial.rebalance.delay.ms=0',
    ...['offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic'].flatMap((name) => [`${name}.replication.factor=1`, `${name}.num.partitions=4`]),
    'transaction.state.log.min.isr=1',
    'share.coordinator.state.topic.min.isr=1',
    // After kill -9 the controller waits for the session of the broker that is gone: 4 s so, 12 s with the defaults.
    'broker.session.timeout.ms=2000',
    'broker.heartbeat.interval.ms=500',
    'controller.quorum.election.timeout.ms=300',
    'controller.quorum.fetch.timeout.ms=1000',
  ];
};

const format = async (dataDir: string, jars: string): Promise<void> => {
  const id = randomBytes(16).toString('base64url'); // may begin with a dash, so it stands in one word with its option
  const child = java(dataDir, ['-cp', jars, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', 'kafka.tools.StorageTool', 'format', `--cluster-id=${id}`, '-c', 'server.properties']);
  const code = await new Promise<number>((done) => child.once('exit', (status) => done(status ?? 1)));
  if (code !== 0) throw new Fault(`Apache Kafka could not format ${dataDir}:\n${endOf(dataDir)}`);
};

// Detached and without pipes: it hears no signal meant for us, and nobody waits for its output.
const java = (dataDir: string, args: readonly string[]): ChildProcess => {
  const out = openSync(join(dataDir, 'kafka.log'), 'a');
  const child = spawn('java', args, { cwd: dataDir, detached: true, stdio: ['ignore', out, out] });
  child.once('error', () => undefined); // its exit says so
  closeSync(out);
  return child;
};

const serving = async (dataDir: string, child: ChildProcess, port: number): Promise<number> => {
  const end = performance.now() + START_MS;
  for (;;) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) throw new Fault(`Apache Kafka ended while it started:\n${endOf(dataDir)}`);
    if (await takesConnections(port)) return child.pid;
    if (performance.now() > end) {
      child.kill('SIGKILL');
      throw new Fault(`Apache Kafka did not serve on port ${port} within ${START_MS / 1_000} s:\n${endOf(dataDir)}`);
    }
    await new Promise((next) => setTimeout(next, LOOK_MS));
  }
};

const endOf = (dataDir: string): string => readFileSync(join(dataDir, 'kafka.log'), 'utf8').trimEnd().split('\n').slice(-12).join('\n');

const gone = async (pid: number, withinMs: number): Promise<boolean> => {
  const end = performance.now() + withinMs;
  while (isAlive(pid)) {
    if (performance.now() > end) return false;
    await new Promise((next) => setTimeout(next, LOOK_MS));
  }
  return true;
};
