/**
 * The cluster of separate processes under load, while its workers come and go. Scaling is no disturbance: every request is answered meanwhile, and the
 * undisturbed runs at the beginning say what every context must look like, as in crash-run.ts.
 */
import type { RunningCluster } from '@atelier/testing';
import type { Fault } from './crash-check';
import type { Scene } from './scene';

export type ClusterResult = { readonly runs: number; readonly faults: readonly Fault[] };

const LOAD_MS = 3_000; // before and after each change

/** Changes the number of workers under load, one after the other, and says what was lost, doubled or changed. */
export const clusterRun = async (cluster: RunningCluster, scene: Scene, numbers: readonly number[], say: (line: string) => void): Promise<ClusterResult> => {
  for (const workers of numbers) {
    const before = scene.runs.length;
    await scaled(cluster, scene, workers);
    say(`${workers} workers: ${scene.runs.length - before} runs`);
  }
  return { runs: scene.runs.length, faults: await scene.settled(scene.target(cluster)) };
};

/** What may be killed, each by the name under which it runs now; a broker that others use is not ours to kill. */
export const killable = async (cluster: RunningCluster): Promise<Readonly<Record<string, number>>> => {
  const { services, workers } = await cluster.status();
  const kafka = cluster.kafkaPid();
  return { ...services, ...workers, ...(kafka !== undefined && { Kafka: kafka }), PostgreSQL: cluster.postgresPid() };
};

const scaled = async (cluster: RunningCluster, scene: Scene, workers: number): Promise<void> => {
  let isOver = false;
  const change = async (): Promise<void> => {
    await pause(LOAD_MS);
    await cluster.scale(workers);
    await pause(LOAD_MS);
    isOver = true;
  };
  await Promise.all([change(), scene.load(scene.target(cluster), () => isOver)]);
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
