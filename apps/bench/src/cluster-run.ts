/**
 * The cluster of separate processes under load, while its workers come and go and its processes are killed.
 *
 * K1. Scaling is no disturbance: every request is answered while workers are added and removed.
 * K2. A kill takes a process that the seed names: a worker, a service, the broker, PostgreSQL. What was not acknowledged is sent again at the end.
 * K3. The undisturbed runs at the beginning say what every context must look like, as in crash-run.ts.
 * K4. Times and rounds are bounded; only processes of this cluster are killed.
 */
import { type RunningCluster, eventually } from '@atelier/testing';
import type { Fault } from './crash-check';
import type { Scene } from './scene';

export type ClusterRound = { readonly scale: number } | { readonly kill: string };
export type ClusterResult = { readonly runs: number; readonly faults: readonly Fault[] };

const LOAD_MS = 3_000; // before and after each change
const BACK_MS = 120_000; // the broker is back after 5 s, a service after 3 s, on an idle machine

/** Plays the rounds one after the other and says what was lost, doubled or changed. */
export const clusterRun = async (cluster: RunningCluster, scene: Scene, rounds: readonly ClusterRound[], say: (line: string) => void): Promise<ClusterResult> => {
  for (const round of rounds) {
    const before = scene.runs.length;
    await ('scale' in round ? scaled(cluster, scene, round.scale) : killed(cluster, scene, round.kill));
    say(`${'scale' in round ? `${round.scale} workers` : `${round.kill} killed`}: ${scene.runs.length - before} runs`);
  }
  return { runs: scene.runs.length, faults: await scene.settled(scene.target(cluster)) };
};

/** What may be killed, each by the name under which it runs now. */
export const killable = async (cluster: RunningCluster): Promise<Readonly<Record<string, number>>> => {
  const { services, workers } = await cluster.status();
  return { ...services, ...workers, Kafka: cluster.kafkaPid(), PostgreSQL: cluster.postgresPid() };
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

const killed = async (cluster: RunningCluster, scene: Scene, name: string): Promise<void> => {
  const victim = (await killable(cluster))[name];
  if (victim === undefined) throw new Error(`expected a process ${name} of the cluster`);
  let isOver = false;
  const kill = async (): Promise<void> => {
    await pause(LOAD_MS);
    isOver = true;
    process.kill(victim, 'SIGKILL');
  };
  await Promise.all([kill(), scene.load(scene.target(cluster), () => isOver)]);
  await eventually(`${name} is back`, async () => {
    const [now, { unready }] = await Promise.all([killable(cluster), cluster.status()]);
    return unready.length === 0 && now[name] !== undefined && now[name] !== victim;
  }, BACK_MS);
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
