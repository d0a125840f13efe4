import { Client } from 'pg';
import { type RunningAtelier, type RunningCluster, removeAtelier, removeCluster, startAtelier, startCluster } from '@atelier/testing';
import { cpuSeconds, ownCpuSeconds } from './cpu';
import { databaseUrlOf } from './database-url';
import { RecordProducer } from './record-producer';

/** What is measured: the product, its processes by name, its store. */
export type Subject = {
  readonly name: string;
  readonly atelier: RunningAtelier;
  /** Until its code is compiled and its programs are cached. */
  readonly warmUpSeconds: number;
  /** Seconds of CPU that each kind of process has used so far; Linux only. */
  cpu(): Promise<Readonly<Record<string, number>>>;
  /** Executions of a flow that have ended. */
  ended(flowSid: string): Promise<number>;
  /** Events of executions that their topic does not have yet; none where no topic is published. */
  unpublished(): Promise<number>;
  readonly databaseUrl: string;
  /** To the topics themselves; the embedded bus has none. */
  readonly producer?: RecordProducer;
  end(): Promise<void>;
};

const SETTINGS = { ATELIER_REST_EXECUTIONS_PER_SECOND_MAX: '0', ATELIER_INBOUND_EXECUTIONS_PER_SECOND_MAX: '0', ATELIER_EFFECTS_PER_ACCOUNT_MAX: '256', ATELIER_TRIGGERS_PER_ACCOUNT_MAX: '0' };

/** All services in one process over the embedded bus. */
export const singleSubject = async (dataDir: string, profileDir: string | undefined): Promise<Subject> => {
  const atelier = await startAtelier({ dataDir, settings: SETTINGS, ...(profileDir && { execArgv: ['--cpu-prof', `--cpu-prof-dir=${profileDir}`] }) });
  const store = await storeOf(databaseUrlOf(dataDir));
  return {
    name: 'one process, embedded bus',
    atelier,
    warmUpSeconds: 2,
    cpu: async () => ({ atelier: cpuSeconds(atelier.pid), PostgreSQL: cpuSeconds(atelier.postgresPid()) }),
    ended: store.ended,
    unpublished: async () => 0, // readers on the embedded bus read the log
    databaseUrl: databaseUrlOf(dataDir),
    end: async () => {
      await store.close();
      await atelier.end('SIGTERM');
      await removeAtelier(dataDir);
    },
  };
};

/** The services apart over Kafka, with so many workers. */
export const clusterSubject = async (dataDir: string, workers: number): Promise<Subject> => {
  const cluster = await startCluster(dataDir, workers, SETTINGS);
  const databaseUrl = databaseUrlOf(dataDir);
  const store = await storeOf(databaseUrl.replace(/\/postgres$/, '/atelier_executions'));
  const producer = new RecordProducer(cluster.brokers, '');
  return {
    name: `cluster, Kafka, ${workers} ${workers === 1 ? 'worker' : 'workers'}`,
    atelier: cluster,
    warmUpSeconds: 8, // ten processes and a Java machine share what one has there
    cpu: () => cpuOfCluster(cluster),
    ended: store.ended,
    unpublished: store.unpublished,
    databaseUrl,
    producer,
    end: async () => {
      await producer.close();
      await store.close();
      await cluster.end('SIGTERM');
      await removeCluster(dataDir);
    },
  };
};

const cpuOfCluster = async (cluster: RunningCluster): Promise<Readonly<Record<string, number>>> => {
  const { services, workers } = await cluster.status();
  const kafka = cluster.kafkaPid();
  return {
    ...Object.fromEntries(Object.entries(services).map(([name, pid]) => [name, ownCpuSeconds(pid)])),
    'execution-worker': Object.values(workers).reduce((sum, pid) => sum + ownCpuSeconds(pid), 0),
    origin: ownCpuSeconds(cluster.pid),
    ...(kafka !== undefined && { Kafka: ownCpuSeconds(kafka) }),
    PostgreSQL: cpuSeconds(cluster.postgresPid()),
  };
};

const ENDED = 'select count(*)::int as n from executions.execution where flow = $1 and status <> 0';
const UNPUBLISHED = `select coalesce(sum(b.last_pos - coalesce(p.pos, 0)), 0)::int as n from generate_series(0, 63) s (shard)
  cross join lateral (select last_pos from executions.batch where shard = s.shard order by n desc limit 1) b
  left join executions.published_position p on p.log = 'executions' and p.shard = s.shard`;

type Store = Pick<Subject, 'ended' | 'unpublished'> & { close(): Promise<void> };

const storeOf = async (url: string): Promise<Store> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  const count = async (text: string, values: readonly string[] = []): Promise<number> => (await client.query<{ n: number }>(text, [...values])).rows[0]?.n ?? 0;
  return { ended: (flowSid) => count(ENDED, [flowSid.slice(2)]), unpublished: () => count(UNPUBLISHED), close: () => client.end() };
};
