/**
 * npm run crash [-- --rounds 200 --seed 7]: kills the product at random moments under load.
 * npm run crash -- --freezes 6: two processes over one store, frozen in turn.
 * npm run crash -- --cluster [--triggers 100000 --lanes 64]: the cluster with three workers, a random process of which is killed every few seconds.
 * Exit code 1 where anything was lost, doubled or changed, or where the living stalled.
 */
import { clusterCrashRun } from './cluster-crash-run';
import { summaryOf } from './crash-check';
import { crashRun } from './crash-run';
import { freezeRun } from './freeze-run';

const STALL_MS = 1_000;
const CLUSTER_MS = { least: 300_000, perTrigger: 60 }; // the load of a cluster ends then, whatever was sent

const argument = (name: string): number | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : undefined;
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

const main = async (): Promise<void> => {
  const seed = argument('seed') ?? Math.floor(Math.random() * 2 ** 31);
  const count = argument('freezes');
  if (process.argv.includes('--cluster')) return void (process.exitCode = (await clusterCrashes(argument('triggers') ?? 5_000, seed)) ? 0 : 1);
  const isGood = await (count === undefined ? crashes(argument('rounds') ?? 20, seed) : freezes(count, seed));
  process.exitCode = isGood ? 0 : 1;
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
