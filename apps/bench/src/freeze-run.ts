/**
 * Two processes own the shards of one store; one after the other is frozen for longer than its lease (SIGSTOP) and wakes in the belief that it still
 * owns them. Nothing may be lost, doubled or changed, and who is not frozen must not stall.
 *
 * Z1. The load goes through the doors of the process that is not frozen. Z2. Probes create one execution after the other there and wait for its end:
 * how long that took counts by whose shard it was. Z3. Freezes and times are bounded; only processes started here are frozen, and all of them wake.
 * Z4. What the load alone costs on this machine is measured first, with the same load and probes while both are awake.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type RunningAtelier, eventually, newDataDir, removeAtelier, startAtelier, stopDatabaseOf } from '@atelier/testing';
import { Client } from 'pg';
import type { Fault } from './crash-check';
import { type Target, FLOW_ADDRESS } from './crash-load';
import { databaseUrlOf } from './database-url';
import { seeded } from './random';
import { SCENE_SETTINGS, Scene } from './scene';

export type FreezeOptions = { readonly freezes: number; readonly seed: number; readonly say: (line: string) => void };
/** Times in milliseconds from a create to the end of its execution, while somebody was frozen; `calmMsMax`: while nobody was. */
export type FreezeResult = {
  readonly runs: number;
  readonly faults: readonly Fault[];
  readonly calmMsMax: number;
  readonly othersMsMax: number;
  readonly frozenMsMax: number;
  readonly probes: number;
};

const FROZEN_MS = 5_000;
const AWAKE_MS = { min: 1_000, spread: 2_000 }; // both share the shards again before the next freeze
const SHARE_MS = 20_000;
const POLL_MS = 5;
const PROBES = 4; // at once; each waits for its own

type Owners = ReadonlyMap<number, string>;
type Probe = { readonly sid: string; readonly ms: number };

export const freezeRun = async ({ freezes, seed, say }: FreezeOptions): Promise<FreezeResult> => {
  const random = seeded(seed);
  const dirs = [1, 2].map((n) => newDataDir(`freeze-${n}`)) as [string, string]; // two of them
  const first = await startAtelier({ dataDir: dirs[0], settings: SCENE_SETTINGS });
  const store = new Client({ connectionString: databaseUrlOf(dirs[0]) });
  const processes: RunningAtelier[] = [first];
  const scene = await Scene.open(first, random);
  let isClean = false;
  try {
    await store.connect();
    processes.push(await startAtelier({ dataDir: dirs[1], settings: { ...SCENE_SETTINGS, ...sharing(first, dirs[0]) } }));
    await eventually('both share the shards', async () => new Set((await ownersOf(store)).values()).size === 2, SHARE_MS);
    const calmMsMax = Math.max(0, ...(await probesUnderLoad(scene, first)).map(({ ms }) => ms));
    say(`nobody frozen: at most ${calmMsMax.toFixed(0)} ms`);
    const slowest = { others: 0, frozen: 0 };
    let probes = 0;
    for (let n = 1; n <= freezes; n++) {
      await eventually('both share the shards', async () => new Set((await ownersOf(store)).values()).size === 2, SHARE_MS);
      await pause(AWAKE_MS.min + random() * AWAKE_MS.spread);
      const [victim, other] = n % 2 === 1 ? [processes[1], processes[0]] : [processes[0], processes[1]];
      if (!victim || !other) throw new Error('expected two processes');
      const took = await freeze(scene, victim, other, store);
      slowest.others = Math.max(slowest.others, ...took.others);
      slowest.frozen = Math.max(slowest.frozen, ...took.frozen);
      probes += took.others.length + took.frozen.length;
      say(`freeze ${n}/${freezes}: ${took.others.length} probes of the living, at most ${Math.max(0, ...took.others).toFixed(0)} ms; ${took.frozen.length} of the frozen, at most ${Math.max(0, ...took.frozen).toFixed(0)} ms`);
    }
    const faults = await scene.settled(scene.target(first));
    isClean = faults.length === 0;
    return { runs: scene.runs.length, faults, calmMsMax, othersMsMax: slowest.others, frozenMsMax: slowest.frozen, probes };
  } finally {
    await store.end();
    for (const each of processes.reverse()) await each.end('SIGKILL');
    scene.close();
    if (!isClean) say(`what was stored is left in ${dirs[0]}`);
    await (isClean ? removeAtelier(dirs[0]) : stopDatabaseOf(dirs[0]));
  }
};

/** The settings with which another process joins the store, the account and the secrets of this one. */
const sharing = ({ accountSid, authToken }: RunningAtelier, dataDir: string): Record<string, string> => ({
  ATELIER_DATABASE_URL: databaseUrlOf(dataDir),
  ATELIER_ACCOUNT_SID: accountSid,
  ATELIER_AUTH_TOKEN: authToken,
  ATELIER_MASTER_KEY_FILE: join(dataDir, 'master.key'),
});

const freeze = async (scene: Scene, victim: RunningAtelier, other: RunningAtelier, store: Client): Promise<{ others: number[]; frozen: number[] }> => {
  process.kill(victim.pid, 'SIGSTOP');
  try {
    const owners = await ownersOf(store);
    const probes = await probesUnderLoad(scene, other);
    const kept = await ownersOf(store);
    const shards = await shardsOf(store, probes);
    // Who owns shards now did not freeze; what it owned before was never in doubt.
    const isOfLiving = ({ sid }: Probe): boolean => owners.get(shards.get(sid) ?? -1) === kept.get(shards.get(sid) ?? -1);
    return { others: probes.filter(isOfLiving).map(({ ms }) => ms), frozen: probes.filter((probe) => !isOfLiving(probe)).map(({ ms }) => ms) };
  } finally {
    process.kill(victim.pid, 'SIGCONT');
  }
};

/** As long as a freeze lasts. */
const probesUnderLoad = async (scene: Scene, through: RunningAtelier): Promise<readonly Probe[]> => {
  const target = scene.target(through);
  let isOver = false;
  const probing = Promise.all(Array.from({ length: PROBES }, () => probed(target, () => isOver)));
  await Promise.all([scene.load(target, () => isOver), pause(FROZEN_MS).then(() => (isOver = true))]);
  return (await probing).flat();
};

/** One execution after the other through the door of the living, each until it has ended. */
const probed = async ({ client, flows }: Target, isOver: () => boolean): Promise<Probe[]> => {
  const probes: Probe[] = [];
  while (!isOver()) {
    const started = performance.now();
    const created = await client.post(`/v2/Flows/${flows['ten-step']}/Executions`, { To: `client:probe-${randomBytes(6).toString('hex')}`, From: FLOW_ADDRESS, Parameters: '{"name":"ada"}' });
    if (created.status !== 201) throw new Error(`${created.status} ${created.body}`);
    const { sid } = JSON.parse(created.body) as { sid: string };
    await eventually('the probe ends', async () => {
      await pause(POLL_MS);
      return (JSON.parse((await client.get(`/v2/Flows/${flows['ten-step']}/Executions/${sid}`)).body) as { status: string }).status === 'ended';
    }, FROZEN_MS * 3);
    probes.push({ sid, ms: performance.now() - started });
  }
  return probes;
};

const ownersOf = async (store: Client): Promise<Owners> => {
  const { rows } = await store.query<{ shard: number; owner: string }>('select shard, owner from executions.lease where owner is not null');
  return new Map(rows.map(({ shard, owner }) => [shard, owner]));
};

const shardsOf = async (store: Client, probes: readonly Probe[]): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await store.query<{ sid: string; shard: number }>(`select 'FN' || replace(sid::text, '-', '') as sid, shard from executions.execution where sid = any($1::uuid[])`, [probes.map(({ sid }) => sid.slice(2))]);
  return new Map(rows.map(({ sid, shard }) => [sid, shard]));
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
