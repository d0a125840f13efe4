/**
 * The cluster of separate processes under load, while its workers come and go, or all of its processes are replaced. Neither is a disturbance: every request
 * is answered meanwhile, and the undisturbed runs at the beginning say what every context must look like, as in crash-run.ts.
 */
import { type RunningCluster, clusterKafka, newDataDir, removeCluster, startCluster } from '@atelier/testing';
import type { Fault } from './crash-check';
import { CLUSTER_KINDS } from './crash-load';
import { RecordProducer } from './record-producer';
import { SCENE_SETTINGS, Scene } from './scene';

export type ClusterResult = { readonly runs: number; readonly faults: readonly Fault[] };

const LOAD_MS = 3_000; // before and after each change

export type OnCluster = { readonly workers: number; /** The checkout whose services run first; left out: this one. */ readonly build?: string; readonly random: () => number; /** Contacts at once. */ readonly lanes?: number | undefined; readonly say: (line: string) => void };

/** A cluster of its own with load through every door, records on the topic too. Its data are kept where anything was wrong. */
export const onCluster = async <R extends ClusterResult>({ workers, build, random, lanes, say }: OnCluster, work: (cluster: RunningCluster, scene: Scene) => Promise<R>): Promise<R & { readonly unanswered: readonly string[] }> => {
  const dataDir = newDataDir('cluster');
  const settings: Readonly<Record<string, string>> = { ...SCENE_SETTINGS, ...(await clusterKafka()) };
  const cluster = await startCluster(dataDir, workers, settings, build);
  const producer = new RecordProducer(cluster.brokers, settings['ATELIER_KAFKA_TOPIC_PREFIX'] ?? '');
  let isClean = false;
  try {
    const scene = await Scene.open(cluster, random, { kinds: CLUSTER_KINDS, ...(lanes !== undefined && { lanes }), produce: (key, record) => producer.send('atelier.triggers', key, record) });
    try {
      const result = await work(cluster, scene);
      const unanswered = [...(await producer.missing('atelier.triggers.results', scene.inputsOf('record'), idempotencyKeyOf))];
      isClean = result.faults.length + unanswered.length === 0;
      return { ...result, unanswered };
    } finally {
      scene.close();
    }
  } finally {
    await producer.close();
    await cluster.end('SIGINT');
    if (isClean) await removeCluster(dataDir);
    else say(`what was stored, and the logs of the services, are left in ${dataDir}`);
  }
};

const idempotencyKeyOf = (value: string): string | undefined => (JSON.parse(value) as { data?: { idempotency_key?: string } }).data?.idempotency_key;

/** Changes the number of workers under load, one after the other, and says what was lost, doubled or changed. */
export const clusterRun = async (cluster: RunningCluster, scene: Scene, numbers: readonly number[], say: (line: string) => void): Promise<ClusterResult> => {
  for (const workers of numbers) {
    const before = scene.runs.length;
    await changed(cluster, scene, () => cluster.scale(workers));
    say(`${workers} workers: ${scene.runs.length - before} runs`);
  }
  return { runs: scene.runs.length, faults: await scene.settled(scene.target(cluster)) };
};

export type Rolls = {
  /** The checkouts from which everything is replaced, one after the other. */
  readonly builds: readonly string[];
  /** Left out: all of them. */
  readonly services?: readonly string[];
  /** A build whose services do not wait for each other's restarts answers 503 meanwhile; what was refused is repeated at the end. */
  readonly mayRefuse?: boolean;
};

/** Replaces the processes under load by those of another build, and says what was lost, doubled or changed. */
export const rollingRun = async (cluster: RunningCluster, scene: Scene, { builds, services, mayRefuse }: Rolls, say: (line: string) => void): Promise<ClusterResult> => {
  for (const build of builds) {
    const [before, began] = [scene.runs.length, performance.now()];
    await changed(cluster, scene, () => cluster.restart(build, services), mayRefuse);
    say(`from ${build}: ${scene.runs.length - before} runs, ${scene.unacknowledged} refused so far, in ${((performance.now() - began) / 1_000).toFixed(0)} s, nothing acknowledged for ${scene.silentMsMax.toFixed(0)} ms at most`);
  }
  return { runs: scene.runs.length, faults: await scene.settled(scene.target(cluster)) };
};

/** What may be killed, each by the name under which it runs now; a broker that others use is not ours to kill. */
export const killable = async (cluster: RunningCluster): Promise<Readonly<Record<string, number>>> => {
  const { services, workers } = await cluster.status();
  const kafka = cluster.kafkaPid();
  return { ...services, ...workers, ...(kafka !== undefined && { Kafka: kafka }), PostgreSQL: cluster.postgresPid() };
};

const changed = async (cluster: RunningCluster, scene: Scene, change: () => Promise<void>, mayRefuse = false): Promise<void> => {
  let isOver = false;
  const changing = async (): Promise<void> => {
    try {
      await pause(LOAD_MS);
      await change();
      await pause(LOAD_MS);
    } finally {
      isOver = true;
    }
  };
  await Promise.all([changing(), scene.load(scene.target(cluster), () => isOver, () => mayRefuse)]);
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
