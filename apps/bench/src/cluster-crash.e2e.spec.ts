import { kafkaProblem } from '@atelier/testing';
import { clusterCrashRun } from './cluster-crash-run';
import { summaryOf } from './crash-check';

const TRIGGERS = 5_000;
const MINUTE_MS = 60_000;
const LOAD_MS = 4 * MINUTE_MS; // a minute and a half on an idle machine

/** To the terminal at once: a run that hangs has said its seed. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const seed = Math.floor(Math.random() * 2 ** 31);

(kafkaProblem() === undefined ? describe : describe.skip)('a cluster with three workers', () => {
  it(`ends every run of ${TRIGGERS} exactly once and as if nothing had been, while a worker, a service, the broker or PostgreSQL is killed every few seconds (A1-A5)`, async () => {
    say(`npm run crash -- --cluster --triggers ${TRIGGERS} --seed ${seed}`);
    const { runs, kills, faults, unanswered } = await clusterCrashRun({ triggers: TRIGGERS, seed, maxMs: LOAD_MS, say });
    say(JSON.stringify(kills));
    expect(summaryOf(faults)).toEqual([]);
    expect(unanswered).toEqual([]);
    expect(runs).toBeGreaterThanOrEqual(TRIGGERS);
    expect(Object.values(kills).reduce((sum, each) => sum + each.kills, 0)).toBeGreaterThanOrEqual(5); // else hardly anybody was killed
  }, 10 * MINUTE_MS);
});
