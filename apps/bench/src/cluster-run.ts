/**
 * The cluster of separate processes under load, while its workers come and go, or all of its processes are replaced. Neither is a disturbance: every request
 * is answered meanwhile, and the undisturbed runs at the beginning say what every context must look like, as in crash-run.ts.
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
    await changed(cluster, scene, () => cluster.scale(workers));
    say(`${workers} workers: ${scene.runs.length - before} runs`);
  }
  return { runs: scene.runs.length, faults: await scene.settled(scene.target(cluster)) };
};

/** Replaces every process under load by one of each of these builds, one build after the other, and says what was lost, doubled or changed. */
export const rollingRun = async (cluster: RunningCluster, scene: Scene, builds: readonly string[], say: (line: string) => void): Promise<ClusterResult> => {
  for (const build of builds) {
    const [before, began] = [scene.runs.length, performance.now()];
    await changed(cluster, scene, () => cluster.restart(build));
    say(`every process from ${build}: ${scene.runs.length - before} runs in ${((performance.now() - began) / 1_000).toFixed(0)} s, nothing acknowledged for ${scene.silentMsMax.toFixed(0)} ms at most`);
  }
  return { runs: scene.runs.length, faults: await scene.settled(scene.target(cluster)) };
};

/** What may be killed, each by the name under which it runs now; a broker that others use is not ours to kill. */
export const killable = async (cluster: RunningCluster): Promise<Readonly<Record<string, number>>> => {
  const { services, workers } = await cluster.status();
  const kafka = cluster.kafkaPid();
  return { ...services, ...workers, ...(kafka !== undefined && { Kafka: kafka }), PostgreSQL: cluster.postgresPid() };
};

const changed = async (cluster: RunningCluster, scene: Scene, change: () => Promise<void>): Promise<void> => {
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
  await Promise.all([changing(), scene.load(scene.target(cluster), () => isOver, () => false)]);
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
