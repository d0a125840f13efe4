import { crashRun } from './crash-run';

const ROUNDS = 20;

describe('kill -9 at random moments under load', () => {
  it(
    'loses, doubles and changes nothing that was acknowledged',
    async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      console.log(`crash run: seed ${seed}, ${ROUNDS} rounds`);
      const { runs, faults } = await crashRun({ rounds: ROUNDS, seed, say: () => undefined });
      expect(faults).toEqual([]);
      expect(runs).toBeGreaterThan(ROUNDS);
    },
    8 * 60_000,
  );
});
