import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTopics, kafkaConfig, kafkaOptionsOf } from '@atelier/bus';
import { freePort, silentLog } from '@atelier/platform';
import { type ProxyRoute, startProxy } from './origin-proxy';
import { type RunningProcess, startProcess } from './running-process';
import { testDatabaseUrl } from './test-database';

/** The services that run apart; the carrier stands in for Twilio. */
export const SERVICES = ['credentials-service', 'flow-service', 'execution-api', 'carrier', 'execution-worker', 'audit-service'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** The product as separate processes: each context with its own database, Kafka between them, one origin in front. */
export type RunningServices = {
  /** The origin. */
  readonly url: string;
  readonly accountSid: string;
  readonly authToken: string;
  readonly internalToken: string;
  /** Of the topics and groups of this run. */
  readonly topicPrefix: string;
  process(name: ServiceName): RunningProcess;
  /** What its processes printed, also those that have ended. */
  output(): string;
  /** Where a service listens, whether it runs or not. */
  urlOf(name: ServiceName): string;
  end(name: ServiceName, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string>;
  /** Starts it (again), at the address that it had. */
  start(name: ServiceName): Promise<void>;
  /** One more execution worker, at a port of its own. */
  addWorker(): Promise<RunningProcess>;
  close(): Promise<void>;
};

const START_MS = 120_000; // migrations on a machine that others share

const FLOW = '/v[12]/Flows/FW[0-9a-fA-F]{32}';
const ROUTES: readonly (readonly [RegExp, ServiceName])[] = [
  [new RegExp(`^${FLOW}/(Executions|Engagements)|^/v1/Accounts/AC\\w+/Flows/|^/atelier/v1/Topics/atelier\\.(executions|triggers)\\.?`), 'execution-api'],
  [/^\/atelier\/v1\/Topics\/atelier\.flows/, 'flow-service'],
  [/^\/atelier\/v1\/Topics\/atelier\.credentials/, 'credentials-service'],
  [/^\/atelier\/v1\/Topics\/atelier\.audit/, 'audit-service'],
  [/^\/v[12]\/Flows|^\/atelier\/v1\/Flows/, 'flow-service'],
  [/^\/carrier\/|^\/2010-04-01\/Accounts\/AC\w+\/(Messages|IncomingPhoneNumbers)/, 'carrier'],
  [/^\/2010-04-01\/|^\/v1\/Keys/, 'credentials-service'],
  [/^\/v1\/Events/, 'audit-service'],
];

export type ServicesOptions = {
  readonly brokers: string;
  readonly topicPrefix: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Where our services reach credentials-service, which listens at this URL: a network that a test disturbs. The carrier stands in for Twilio, and has its own. */
  readonly credentialsVia?: (url: string) => Promise<string>;
};

/** Starts all services on these brokers, with topics of their own. Needs a build. */
export const startServices = async ({ brokers, topicPrefix, settings = {}, credentialsVia = async (url) => url }: ServicesOptions): Promise<RunningServices> => {
  const ports = new Map<ServiceName, number>();
  for (const name of SERVICES) ports.set(name, (await freePort(0)) ?? 0);
  const urlOf = (name: ServiceName): string => `http://127.0.0.1:${ports.get(name) ?? 0}`;
  const options = kafkaOptionsOf(kafkaConfig.parse({ ATELIER_KAFKA_BROKERS: brokers, ATELIER_KAFKA_TOPIC_PREFIX: topicPrefix }));
  if (options) await createTopics(options, silentLog);
  const running = new Map<ServiceName, RunningProcess>();
  const workers: RunningProcess[] = [];
  const gone: string[] = [];
  const proxy = await startProxy(ROUTES.map(([path, name]): ProxyRoute => ({ path, to: () => urlOf(name) })));
  const masterKeyFile = join(tmpdir(), `atelier-master-key-${randomBytes(6).toString('hex')}`);
  writeFileSync(masterKeyFile, randomBytes(32).toString('hex'), { mode: 0o600 });
  const account = { accountSid: `AC${randomBytes(16).toString('hex')}`, authToken: randomBytes(16).toString('hex'), internalToken: randomBytes(24).toString('hex') };
  const common = { ATELIER_INTERNAL_TOKEN: account.internalToken, ATELIER_KAFKA_BROKERS: brokers, ATELIER_KAFKA_TOPIC_PREFIX: topicPrefix, ATELIER_PUBLIC_URL: proxy.url };
  const [credentials, flows] = [{ ATELIER_CREDENTIALS_URL: await credentialsVia(urlOf('credentials-service')) }, { ATELIER_FLOWS_URL: urlOf('flow-service') }];
  const executions = { ATELIER_DATABASE_URL: await testDatabaseUrl() };
  const own: Readonly<Record<ServiceName, Readonly<Record<string, string>>>> = {
    'credentials-service': {
      ATELIER_DATABASE_URL: await testDatabaseUrl(),
      ATELIER_MASTER_KEY_FILE: masterKeyFile,
      ATELIER_ACCOUNT_SID: account.accountSid,
      ATELIER_AUTH_TOKEN: account.authToken,
    },
    'flow-service': { ATELIER_DATABASE_URL: await testDatabaseUrl(), ...credentials },
    'execution-api': { ...executions, ...credentials, ...flows, ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: '0' },
    carrier: { ATELIER_DATABASE_URL: await testDatabaseUrl(), ATELIER_CREDENTIALS_URL: urlOf('credentials-service') }, // Twilio knows its own keys
    'execution-worker': { ...executions, ...credentials, ...flows, ATELIER_TWILIO_BASE_URL: urlOf('carrier'), ATELIER_TWILIO_LOOKUP: 'conclusive' },
    'audit-service': { ATELIER_DATABASE_URL: await testDatabaseUrl(), ...credentials },
  };

  const start = async (name: ServiceName): Promise<void> => {
    const listens = { ATELIER_HTTP_PORT: String(ports.get(name) ?? 0) };
    running.set(name, await startProcess(name, { settings: { ...common, ...listens, ...own[name], ...settings }, readyMs: START_MS }));
  };
  const addWorker = async (): Promise<RunningProcess> => {
    const worker = await startProcess('execution-worker', { settings: { ...common, ATELIER_HTTP_PORT: '0', ...own['execution-worker'], ...settings }, readyMs: START_MS });
    workers.push(worker);
    return worker;
  };
  const process = (name: ServiceName): RunningProcess => {
    const found = running.get(name);
    if (!found) throw new Error(`expected ${name} to run, found it ended`);
    return found;
  };
  const end = async (name: ServiceName, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string> => {
    const ending = process(name);
    const code = await ending.end(signal);
    running.delete(name);
    gone.push(ending.output());
    return code;
  };
  const close = async (): Promise<void> => {
    await Promise.all([...[...running.keys()].map((name) => end(name, 'SIGKILL')), ...workers.map((worker) => worker.end('SIGKILL'))]);
    await proxy.close();
    rmSync(masterKeyFile, { force: true });
  };
  try {
    for (const name of SERVICES) await start(name);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: proxy.url, ...account, topicPrefix, process, urlOf, end, start, addWorker, close, output: () => [...gone, ...[...running.values()].map((each) => each.output())].join('\n') };
};
