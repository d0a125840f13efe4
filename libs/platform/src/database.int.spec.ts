import { testDatabase } from '@atelier/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { type Database, isUniqueViolation } from './database';

class Numbers1795000000001 implements MigrationInterface {
  readonly name = 'Numbers1795000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table number (n int primary key)');
  }
  async down(): Promise<void> {}
}

describe('a database of a context', () => {
  let db: Database;
  beforeAll(async () => {
    db = await testDatabase({ schema: 'numbers', migrations: [Numbers1795000000001] });
  }, 60_000);
  afterAll(() => db.close());

  it('works in its own schema without naming it', async () => {
    await db.query('insert into number values ($1)', [1]);
    expect(await db.query('select table_schema from information_schema.tables where table_name = $1', ['number'])).toEqual([{ table_schema: 'numbers' }]);
  });

  it('names the constraint that a statement violates', async () => {
    await db.query('insert into number values (2)');
    const error = await db.query('insert into number values (2)').catch((e: unknown) => e);
    expect(isUniqueViolation(error, 'number_pkey')).toBe(true);
  });

  it('writes a transaction whole or not at all', async () => {
    const work = db.transaction(async (tx) => {
      await tx.query('insert into number values (3)');
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await db.query('select n from number where n = 3')).toEqual([]);
  });

  it('hears its notifications', async () => {
    const heard: string[] = [];
    const stop = await db.listen('numbers_hint', (payload) => heard.push(payload));
    await db.notify('numbers_hint', '7');
    await db.query('select 1');
    await new Promise<void>((resolve) => {
      const look = setInterval(() => heard.length && (clearInterval(look), resolve()), 5);
    });
    expect(heard).toEqual(['7']);
    await stop();
  });
});
