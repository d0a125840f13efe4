/**
 * npm run crash [-- --rounds 200 --seed 7]: kills the product at random moments under load.
 * npm run crash -- --freezes 6: two processes over one store, frozen in turn.
 * npm run crash -- --cluster [--triggers 100000 --lanes 64]: the cluster with three workers, a random process of which is killed every few seconds.
 * npm run crash -- --beside FOLDER [--rolls 4]: a cluster of the services built in that checkout, replaced under load by those of this one, and back.
 * Exit code 1 where anything was lost, doubled or changed, or where the living stalled.
 */
import { join } from 'node:path';
import { clusterCrashRun } from './cluster-crash-run';
import { onCluster, rollingRun } from './cluster-run';
import { summaryOf } from './crash-check';
import { crashRun } from './crash-run';
import { freezeRun } from './freeze-run';
import { seeded } from './random';

const OWN = join(__dirname, '..', '..', '..'); // this checkout
const REPLACED = ['credentials-service', 'flow-service', 'audit-service', 'execution-worker', 'execution-api']; // the carrier stands for Twilio and is left alone
const STALL_MS = 1_000;
const CLUSTER_MS = { least: 300_000, perTrigger: 60 }; // the load of a cluster ends then, whatever was sent

const text = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : undefined;
};

const argument = (name: string): number | undefined => {
  const given = text(name);
  return given === undefined ? undefined : Number(given);
};

const crashes = async (rounds: number, seed: number): Promise<boolean> => {
  console.log(`seed ${seed}, ${rounds} rounds`);
  const { runs, kills, databaseKills, faults } = await crashRun({ rounds, seed, say: console.log });
  for (const line of summaryOf(faults)) console.error(line);
  console.log(`${runs} runs, ${kills} kills (${databaseKills} with the database): ${faults.length} faults`);
  return faults.length === 0;
};

const freezes = async (count: number, seed: number): Promise<boolean> => {
  console.log(`seed ${seed}, ${count} freezes`);
  const { runs, probes, faults, calmMsMax, othersMsMax, frozenMsMax } = await freezeRun({ freezes: count, seed, say: console.log });
  for (const line of summaryOf(faults)) console.error(line);
  console.log(`${runs} runs, ${probes} probes: ${faults.length} faults; the living took ${othersMsMax.toFixed(0)} ms at most, shards of the frozen ${frozenMsMax.toFixed(0)} ms, with nobody frozen ${calmMsMax.toFixed(0)} ms`);
  return faults.length === 0 && othersMsMax < STALL_MS + calmMsMax;
};

const clusterCrashes = async (triggers: number, seed: number): Promise<boolean> => {
  console.log(`seed ${seed}, ${triggers} triggers, three workers`);
  const { runs, repeated, kills, silentMsMax, faults, unanswered } = await clusterCrashRun({ triggers, lanes: argument('lanes'), seed, maxMs: CLUSTER_MS.least + triggers * CLUSTER_MS.perTrigger, say: console.log });
  for (const line of summaryOf(faults)) console.error(line);
  for (const [kind, { kills: times, backMsMax }] of Object.entries(kills)) console.log(`${kind.padEnd(20)} killed ${times} times, there again within ${backMsMax} ms`);
  console.log(`${runs} runs, ${repeated} repeated, nothing acknowledged for ${silentMsMax.toFixed(0)} ms at most: ${faults.length} faults, ${unanswered.length} records without a result`);
  return faults.length + unanswered.length === 0 && runs >= triggers;
};

/** The stores are made by the other build and migrated while it runs; then each build finds what the other one wrote. */
const rolls = async (other: string, count: number, seed: number): Promise<boolean> => {
  console.log(`seed ${seed}, ${count} times every process, beside ${other}`);
  const builds = Array.from({ length: count }, (_, n) => (n % 2 === 0 ? OWN : other));
  const result = await onCluster({ workers: 2, build: other, random: seeded(seed), say: console.log }, (cluster, scene) => rollingRun(cluster, scene, { builds, services: REPLACED, mayRefuse: true }, console.log));
  for (const line of summaryOf(result.faults)) console.error(line);
  console.log(`${result.runs} runs: ${result.faults.length} faults, ${result.unanswered.length} records without a result`);
  return result.faults.length + result.unanswered.length === 0;
};

const main = async (): Promise<void> => {
  const seed = argument('seed') ?? Math.floor(Math.random() * 2 ** 31);
  const count = argument('freezes');
  if (process.argv.includes('--cluster')) return void (process.exitCode = (await clusterCrashes(argument('triggers') ?? 5_000, seed)) ? 0 : 1);
  const other = text('beside');
  if (other !== undefined) return void (process.exitCode = (await rolls(other, argument('rolls') ?? 4, seed)) ? 0 : 1);
  const isGood = await (count === undefined ? crashes(argument('rounds') ?? 20, seed) : freezes(count, seed));
  process.exitCode = isGood ? 0 : 1;
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
