import { Fault } from '@atelier/contracts';
import { type TcpProxy, startTcpProxy, testDatabase, testDatabaseUrl } from '@atelier/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { type Database, ConnectionLost, QueryRefused, isUniqueViolation, openDatabase } from './database';

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

describe('a database behind a network that fails', () => {
  let network: TcpProxy;
  let near: Database;
  let db: Database;
  beforeAll(async () => {
    const url = await testDatabaseUrl();
    network = await startTcpProxy(url);
    near = await openDatabase({ url, schema: 'numbers', migrations: [Numbers1795000000001] });
    db = await openDatabase({ url: network.through(url), schema: 'numbers', migrations: [Numbers1795000000001], answerMs: 500 });
  }, 60_000);
  afterEach(() => network.heal());
  afterAll(async () => {
    await db.close();
    await near.close();
    await network.close();
  });
  const known = async (n: number): Promise<number> => (await near.query('select n from number where n = $1', [n])).length;

  it('says that nobody knows whether it was done where the answer is lost, and it may be done', async () => {
    const lost = network.loseAnswer((sent) => sent.includes('insert into number'));
    await expect(db.query('insert into number values ($1)', [10])).rejects.toBeInstanceOf(ConnectionLost);
    await lost;
    expect(await known(10)).toBe(1);
  });

  it('says the same of a transaction whose commit was not answered', async () => {
    const lost = network.loseAnswer((sent) => sent.includes('commit'));
    await expect(db.transaction((tx) => tx.query('insert into number values (11)'))).rejects.toBeInstanceOf(ConnectionLost);
    await lost;
    expect([await known(11), await db.query('select 1 as n')]).toEqual([1, [{ n: 1 }]]);
  });

  it('does not wait for ever for an answer where the network falls silent, nor for a new connection', async () => {
    network.cut('silent');
    const began = performance.now();
    for (let i = 0; i < 2; i++) await expect(db.query('select 1')).rejects.toBeInstanceOf(ConnectionLost);
    expect(performance.now() - began).toBeLessThan(5_000);
    network.heal();
    expect(await db.query('select 1 as n')).toEqual([{ n: 1 }]);
  });

  it('tells a server that lacks resources from a statement that it refuses', async () => {
    const raised = (code: string) => db.query(`do $$ begin raise exception using errcode = '${code}', message = 'no'; end $$`).catch((error: unknown) => error);
    for (const code of ['53100', '53200', '53300', '58030']) expect(await raised(code)).toBeInstanceOf(Fault);
    for (const code of ['22P02', '40P01', 'XX000', 'P0001']) expect(await raised(code)).toBeInstanceOf(QueryRefused);
  });
});
