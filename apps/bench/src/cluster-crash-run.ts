/**
 * A cluster with three workers, under load through every door, while a random process of it is killed every few seconds.
 *
 * X1. The seed says who dies next: a worker, a service, the broker, PostgreSQL. Its supervisor brings it back; others die meanwhile, but never more than
 *     AWAY_MAX are away at once, or a slow machine would only start processes.
 * X2. What was not acknowledged is sent again at the end with the same identifiers, as Twilio and other services do.
 * X3. The undisturbed runs at the beginning say what every context must look like; order shows in them, because an answer that overtakes its question
 *     makes another execution.
 * X4. The load ends after so many triggers, or when its time is up; only processes of this cluster are killed. The carrier stands for Twilio and is left alone.
 */
import { type RunningCluster, eventually, isGone } from '@atelier/testing';
import { type ClusterResult, killable, onCluster } from './cluster-run';
import { seeded } from './random';
import type { Scene } from './scene';

export type ClusterCrashOptions = { readonly triggers: number; /** Contacts at once. */ readonly lanes?: number | undefined; readonly seed: number; readonly maxMs: number; readonly say: (line: string) => void };
export type KillFigure = { readonly kills: number; readonly backMsMax: number };
export type ClusterCrashResult = ClusterResult & {
  readonly repeated: number;
  /** By what was killed: how often, and the longest until it was there again. */
  readonly kills: Readonly<Record<string, KillFigure>>;
  /** The longest in which nothing at all was acknowledged. */
  readonly silentMsMax: number;
  /** Keys of records on the topic that got no result. */
  readonly unanswered: readonly string[];
};

const WORKERS = 3;
const KILL_EACH_MS = { min: 3_000, spread: 3_000 };
const AWAY_MAX = 2;
const BACK_MS = 180_000; // several at once on a busy machine
const SAY_EACH_MS = 10_000;
const LOOK_EACH_MS = 200;

export const clusterCrashRun = ({ triggers, lanes, seed, maxMs, say }: ClusterCrashOptions): Promise<ClusterCrashResult> => {
  const random = seeded(seed);
  return onCluster({ workers: WORKERS, random, lanes, say }, (cluster, scene) => disturbed(cluster, scene, { triggers, random, maxMs, say }));
};

type Disturbance = { readonly triggers: number; readonly random: () => number; readonly maxMs: number; readonly say: (line: string) => void };

const disturbed = async (cluster: RunningCluster, scene: Scene, { triggers, random, maxMs, say }: Disturbance): Promise<Omit<ClusterCrashResult, 'unanswered'>> => {
  const end = performance.now() + maxMs;
  const isOver = (): boolean => scene.runs.length >= triggers || performance.now() > end;
  const kills = new Kills(cluster, random, say);
  const progress = setInterval(() => say(`${scene.runs.length} of ${triggers} triggers, ${kills.count} kills, ${scene.unacknowledged} not acknowledged yet`), SAY_EACH_MS);
  try {
    await Promise.all([scene.load(scene.target(cluster), isOver, () => true), kills.until(isOver)]);
  } finally {
    clearInterval(progress);
    kills.end();
  }
  const silentMsMax = scene.silentMsMax;
  await eventually('everybody is back', async () => (await cluster.status()).unready.length === 0, BACK_MS);
  const repeated = scene.unacknowledged;
  say(`${scene.runs.length} triggers were sent; ${repeated} are repeated, then everything is looked at`);
  const faults = await scene.settled(scene.target(cluster));
  return { runs: scene.runs.length, repeated, kills: kills.figures, silentMsMax, faults };
};

/** Who was killed, and how long it took until each was back. */
class Kills {
  private readonly backMs = new Map<string, number[]>();
  private readonly watching: Promise<void>[] = [];
  private isEnded = false;
  private away = 0;
  count = 0;

  constructor(
    private readonly cluster: RunningCluster,
    private readonly random: () => number,
    private readonly say: (line: string) => void,
  ) {}

  get figures(): Readonly<Record<string, KillFigure>> {
    return Object.fromEntries([...this.backMs].map(([kind, times]) => [kind, { kills: times.length, backMsMax: Math.round(Math.max(...times)) }]));
  }

  /** Whatever becomes of the load, nobody is killed any more. */
  end(): void {
    this.isEnded = true;
  }

  async until(isOver: () => boolean): Promise<void> {
    while (!this.isEnded) {
      const due = performance.now() + KILL_EACH_MS.min + this.random() * KILL_EACH_MS.spread;
      while (performance.now() < due && !isOver()) await pause(LOOK_EACH_MS);
      if (isOver()) break;
      if (this.away < AWAY_MAX) await this.killOne();
    }
    await Promise.all(this.watching);
  }

  /** Each kind as often as the others, however many processes it has. */
  private async killOne(): Promise<void> {
    const living = Object.entries(await killable(this.cluster)).filter(([name, pid]) => name !== 'carrier' && !isGone(pid));
    const kinds = [...new Set(living.map(([name]) => kindOf(name)))].sort();
    const kind = kinds[Math.floor(this.random() * kinds.length)];
    const ofKind = living.filter(([name]) => kindOf(name) === kind);
    const [name, pid] = ofKind[Math.floor(this.random() * ofKind.length)] ?? [];
    if (name === undefined || pid === undefined) return; // everybody is away at this moment
    process.kill(pid, 'SIGKILL');
    this.count++;
    this.away++;
    const back = this.back(name, pid).finally(() => this.away--);
    back.catch(() => undefined); // told when the run ends
    this.watching.push(back);
  }

  private async back(name: string, pid: number): Promise<void> {
    const began = performance.now();
    await eventually(`${name} is back`, async () => {
      await pause(LOOK_EACH_MS);
      const [now, { unready }] = await Promise.all([killable(this.cluster), this.cluster.status()]);
      return now[name] !== undefined && now[name] !== pid && !isGone(now[name]) && !unready.includes(name);
    }, BACK_MS);
    const ms = performance.now() - began;
    this.backMs.set(kindOf(name), [...(this.backMs.get(kindOf(name)) ?? []), ms]);
    this.say(`killed ${name}: there again after ${(ms / 1_000).toFixed(1)} s`);
  }
}

const kindOf = (name: string): string => name.replace(/-\d+$/, '');

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
