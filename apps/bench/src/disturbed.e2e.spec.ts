import { summaryOf } from './crash-check';
import { crashRun } from './crash-run';
import { freezeRun } from './freeze-run';

const ROUNDS = 20;
const FREEZES = 4;
const MINUTE_MS = 60_000;

/** To the terminal at once: a run that hangs has said its seed. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const seed = Math.floor(Math.random() * 2 ** 31);

describe('the product, disturbed under load', () => {
  it(`loses, doubles and changes nothing that it acknowledged when it is killed at random moments, ${ROUNDS} times (A1, A3, A5)`, async () => {
    say(`npm run crash -- --rounds ${ROUNDS} --seed ${seed}`);
    const { runs, databaseKills, faults } = await crashRun({ rounds: ROUNDS, seed, say });
    expect(summaryOf(faults)).toEqual([]);
    expect(runs).toBeGreaterThan(ROUNDS * 10); // else it was hardly killed under load
    expect(databaseKills).toBe(ROUNDS / 5);
  }, 8 * MINUTE_MS);

  it('goes on without stalling while another owner of its shards is frozen, and writes nothing twice when that wakes (A2)', async () => {
    say(`npm run crash -- --freezes ${FREEZES} --seed ${seed}`);
    const { faults, calmMsMax, othersMsMax, frozenMsMax, probes } = await freezeRun({ freezes: FREEZES, seed, say });
    expect(summaryOf(faults)).toEqual([]);
    expect(probes).toBeGreaterThan(FREEZES * 5);
    expect(othersMsMax).toBeLessThan(1_000 + calmMsMax); // a busy machine is slow without any freeze
    expect(frozenMsMax).toBeLessThan(5_000 + calmMsMax);
  }, 5 * MINUTE_MS);
});
