import type { Database } from '@atelier/platform';
import { testDatabase } from '@atelier/testing';
import { PUBLISHED_POSITION_MIGRATIONS, storedPositions } from './stored-positions';

describe('the positions that a publisher has passed', () => {
  let db: Database;
  beforeAll(async () => void (db = await testDatabase({ schema: 'published', migrations: PUBLISHED_POSITION_MIGRATIONS })), 60_000);
  afterAll(() => db.close());

  it('begin with 0, and with a row: from the first question on somebody publishes the shard', async () => {
    expect(await storedPositions(db).of('begin', 3)).toBe(0);
    expect(await db.query('select log, shard, pos::int from published_position where log = $1', ['begin'])).toEqual([{ log: 'begin', shard: 3, pos: 0 }]);
    expect(await storedPositions(db).of('begin', 3)).toBe(0);
  });

  it('go on, each log and each shard by itself, and survive the process', async () => {
    await storedPositions(db).passed([{ log: 'a', shard: 0, pos: 7 }, { log: 'a', shard: 1, pos: 2 }, { log: 'b', shard: 0, pos: 1 }]);
    const next = storedPositions(db);
    expect([await next.of('a', 0), await next.of('a', 1), await next.of('b', 0), await next.of('b', 1)]).toEqual([7, 2, 1, 0]);
  });

  it('never go back: of two publishers of a shard, the one that is behind changes nothing', async () => {
    const [ahead, behind] = [storedPositions(db), storedPositions(db)];
    await ahead.passed([{ log: 'race', shard: 0, pos: 9 }]);
    await behind.passed([{ log: 'race', shard: 0, pos: 4 }]);
    expect(await behind.of('race', 0)).toBe(9);
  });

  it('may be told of one shard twice at once: the highest counts', async () => {
    await storedPositions(db).passed([{ log: 'twice', shard: 0, pos: 5 }, { log: 'twice', shard: 0, pos: 8 }, { log: 'twice', shard: 0, pos: 6 }]);
    expect(await storedPositions(db).of('twice', 0)).toBe(8);
    await storedPositions(db).passed([]);
  });

  it('are stored by many publishers at once, in whatever order they name their shards', async () => {
    const marks = Array.from({ length: 64 }, (_, shard) => ({ log: 'many', shard, pos: shard + 1 }));
    await Promise.all(Array.from({ length: 8 }, (_, i) => storedPositions(db).passed(i % 2 === 0 ? marks : [...marks].reverse())));
    const [row] = await db.query<{ sum: number }>('select sum(pos)::int as sum from published_position where log = $1', ['many']);
    expect(row?.sum).toBe((64 * 65) / 2);
  });
});
