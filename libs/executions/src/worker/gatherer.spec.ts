import { sidOf } from '@atelier/contracts';
import { type Database, silentLog, systemClock } from '@atelier/platform';
import { EntryCache } from './entry-cache';
import { Gatherer } from './gatherer';
import { InputsOfMemory } from './inputs-of-memory';
import { Shards } from './shards';

/** One shard whose inbox never ends. */
const gatherer = () => {
  const query = (_: unknown, [, , limit]: readonly unknown[]) =>
    Promise.resolve(Array.from({ length: Number(limit) }, (__, i) => ({ shard: 0, pos: i + 1, kind: 1, execution: null, body: '{}' })));
  const db = { query } as unknown as Database; // gathering asks for the inbox alone
  const shards = new Shards(db, new EntryCache(10), { found: () => undefined });
  shards.mine.set(0, { shard: 0, epoch: 1, n: 0, lastPos: 0, commandPos: 0, isHinted: true, suspectUpTo: 0, tried: null, tries: 0, unsureUpTo: 0 });
  const memory = new InputsOfMemory();
  return { memory, gatherer: new Gatherer(db, systemClock, silentLog, shards, memory) };
};
const outcome = (step: number) =>
  ({ from: 'effect', shard: 0, account: sidOf('AC', 'a'.repeat(32)), execution: sidOf('FN', 'e'.repeat(32)), step, outcome: { ok: true, payload: {} } }) as const;

describe('a batch', () => {
  it('is the inbox, where nothing else waits', async () => {
    expect((await gatherer().gatherer.gather(8)).map(({ from }) => from)).toEqual(Array(8).fill('inbox'));
  });

  // Outcomes free the slots of effects: behind an inbox that never ends, nobody's flow would go on.
  it('has room for outcomes, however full the inbox is', async () => {
    const sample = gatherer();
    for (let step = 1; step <= 10; step++) sample.memory.add(outcome(step));
    expect((await sample.gatherer.gather(8)).map(({ from }) => from)).toEqual([...Array(4).fill('inbox'), ...Array(4).fill('effect')]);
    expect(sample.memory.size).toBe(6);
  });
});
