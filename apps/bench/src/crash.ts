/** npm run crash [-- --rounds 200 --seed 7]: kills the product at random moments under load; exit code 1 where anything was lost or doubled. */
import { summaryOf } from './crash-check';
import { crashRun } from './crash-run';

const argument = (name: string): number | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : undefined;
};

const main = async (): Promise<void> => {
  const rounds = argument('rounds') ?? 20;
  const seed = argument('seed') ?? Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}, ${rounds} rounds`);
  const { runs, kills, databaseKills, faults } = await crashRun({ rounds, seed, say: console.log });
  for (const line of summaryOf(faults)) console.error(line);
  console.log(`${runs} runs, ${kills} kills (${databaseKills} with the database): ${faults.length} faults`);
  process.exitCode = faults.length > 0 ? 1 : 0;
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
