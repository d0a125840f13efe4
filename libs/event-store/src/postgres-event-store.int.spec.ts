import { topicSourceContract } from '@atelier/bus';
import { type Database, ConnectionLost, QueryRefused, openDatabase } from '@atelier/platform';
import { eventually, testDatabaseUrl } from '@atelier/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { type Projection, ConcurrencyConflict } from './event-store';
import { META, eventStoreContract, noted } from './event-store.contract';
import { handle } from './handle';
import { EVENT_STORE_MIGRATIONS } from './migrations';
import { createEventStore, rebuild, writing } from './postgres-event-store';
import { counter, counterTable, sampleTopic } from './sample-events';

class Samples1795000000001 implements MigrationInterface {
  readonly name = 'Samples1795000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table counter (name text primary key, total int not null check (total < 1000000))');
    await runner.query('create table secret (name text primary key)');
  }
  async down(): Promise<void> {}
}

const CHANNEL = 'samples_log';
const HINT_MS = 1_000; // promised to other processes

let url: string;
/** Two connections' worth: what two processes have. */
let ours: Database;
let theirs: Database;
const open = () => openDatabase({ url, schema: 'samples', migrations: [...EVENT_STORE_MIGRATIONS, Samples1795000000001], poolMax: 10 });
beforeAll(async () => {
  url = await testDatabaseUrl();
  [ours, theirs] = [await open(), await open()];
}, 120_000);
afterAll(async () => {
  await ours?.close();
  await theirs?.close();
});
const emptied = async () => {
  await ours.query('truncate event, counter, secret');
  await ours.query('update event_head set position = 0');
};
beforeEach(emptied);

const store = (database = ours, projections: readonly Projection[] = [counterTable], notifyChannel?: string) => createEventStore(database, { projections, ...(notifyChannel && { notifyChannel }) });
const of = (stream: string, expectedVersion: number, ...events: { type: string; data: object }[]) => ({ stream, expectedVersion, events, meta: META });
const counted = (by: number) => ({ type: 'Counted', data: { by } });
const count = (by: number) => ({ type: 'Count', data: { by } }) as const;
const counters = () => ours.query<{ name: string; total: number }>('select name, total from counter order by name');
const secrets = async () => (await ours.query<{ name: string }>('select name from secret')).map(({ name }) => name);
const secret = (name: string) => ({ statement: 'insert into secret (name) values ($1)', values: [name] });

eventStoreContract('the log in PostgreSQL', async () => store());

topicSourceContract('a topic over the log in PostgreSQL', async () => {
  const made = store();
  return { source: sampleTopic(made), append: async () => made.append([of('a', (await made.read('a')).length, noted(1))]) };
});

describe('what another process appends', () => {
  const listening = async () => {
    const listener = store(theirs, [], CHANNEL);
    let hints = 0;
    const stop = listener.onAppend(() => hints++);
    await eventually('listens', async () => (await listeners()).length === 1);
    return { listener, stop, hints: () => hints };
  };
  const listeners = () => ours.query<{ pid: number }>(`select pid from pg_stat_activity where datname = current_database() and query = 'listen "${CHANNEL}"'`);

  it('is heard by its notification, at once', async () => {
    const { listener, hints } = await listening();
    const before = performance.now();
    await store(ours, [], CHANNEL).append([of('a', 0, noted(1))]);
    await eventually('heard', () => hints() === 1);
    expect(performance.now() - before).toBeLessThan(HINT_MS);
    await listener.close();
  });
  it('is heard within a second or so where the notification is lost, or nobody sent one', async () => {
    const { listener, hints } = await listening();
    await store(ours, []).append([of('a', 0, noted(1))]); // without a channel
    await eventually('heard', () => hints() === 1, HINT_MS + 1_000);
    await listener.close();
  });
  it('is heard after the listening connection broke', async () => {
    const { listener, hints } = await listening();
    for (const { pid } of await listeners()) await ours.query('select pg_terminate_backend($1)', [pid]);
    await store(ours, [], CHANNEL).append([of('a', 0, noted(1))]);
    await eventually('heard', () => hints() >= 1, HINT_MS + 1_000);
    await eventually('listens again', async () => (await listeners()).length === 1);
    await store(ours, [], CHANNEL).append([of('a', 1, noted(2))]);
    await eventually('heard again', () => hints() >= 2);
    await listener.close();
  });
  it('is heard once, however it was told', async () => {
    const { listener, hints } = await listening();
    const appender = store(ours, [], CHANNEL);
    for (let n = 0; n < 5; n++) await appender.append([of('a', n, noted(n))]);
    await eventually('all heard', () => hints() >= 1);
    const polls = performance.now() + HINT_MS + 200; // a look of each kind has passed by then
    await eventually('a look later', () => performance.now() > polls);
    expect(hints()).toBeLessThanOrEqual(5);
    await listener.close();
  });
  it('is not heard any more after close, which leaves no connection behind', async () => {
    const { listener, hints } = await listening();
    await listener.close();
    await eventually('nobody listens', async () => (await listeners()).length === 0);
    await store(ours, [], CHANNEL).append([of('a', 0, noted(1))]);
    expect(hints()).toBe(0);
    expect(await listener.end()).toBe(1);
  });
  it('makes the same batch a conflict, whichever process is later', async () => {
    const outcomes = await Promise.allSettled([ours, theirs, ours, theirs].map((database, n) => store(database).append([of('a', 0, counted(n))])));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ConcurrencyConflict);
  });
});

describe('rows', () => {
  it('stand with their events at once, one statement for all of a type', async () => {
    await store().append([of('a', 0, counted(1), noted(1), counted(2)), of('b', 0, counted(5))]);
    expect(await counters()).toEqual([{ name: 'a', total: 3 }, { name: 'b', total: 5 }]);
  });
  it('that PostgreSQL refuses take their events with them', async () => {
    await expect(store().append([of('b', 0, counted(1)), of('a', 0, counted(1_000_000))])).rejects.toThrow(QueryRefused);
    expect([await store().end(), await counters()]).toEqual([0, []]);
  });
});

describe('what is written alongside', () => {
  it('stands with its events', async () => {
    await handle(writing(store(), [secret('one')]), counter, 'a', count(3), META);
    expect([await store().end(), await secrets(), await counters()]).toEqual([1, ['one'], [{ name: 'a', total: 3 }]]);
  });
  it('falls with a conflict', async () => {
    await expect(store().append([of('a', 7, counted(1))], [secret('one')])).rejects.toThrow(ConcurrencyConflict);
    expect(await secrets()).toEqual([]);
  });
  it('takes its events with it where PostgreSQL refuses it', async () => {
    await expect(store().append([of('a', 0, counted(1))], [secret('one'), secret('one')])).rejects.toThrow(QueryRefused);
    expect([await store().end(), await secrets(), await counters()]).toEqual([0, [], []]);
  });
  it('is written once where the command is decided again', async () => {
    let isFirst = true;
    const slow = writing(store(), [secret('one')]);
    const rivalled = { ...slow, append: async (batch: Parameters<typeof slow.append>[0]) => {
      if (isFirst) await store(theirs).append([of('a', 0, counted(1))]);
      isFirst = false;
      return slow.append(batch);
    } };
    await handle(rivalled, counter, 'a', count(3), META);
    expect([await secrets(), await counters()]).toEqual([['one'], [{ name: 'a', total: 4 }]]);
  });
});

describe('a process that freezes while it appends', () => {
  // In production a stopped process would hold the head row, and with it every other process, until somebody woke it up (S4).
  it('loses its lock and its batch; the others append within two seconds', async () => {
    let wake = (): void => undefined;
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    let hasLock = (): void => undefined;
    const locked = new Promise<void>((resolve) => (hasLock = resolve));
    const freezing: Database = {
      ...theirs,
      transaction: (work) =>
        theirs.transaction((tx) =>
          work({
            query: async (statement, values) => {
              const rows = await tx.query<never>(statement, values);
              if (String(statement).startsWith('update event_head')) {
                hasLock();
                await asleep;
              }
              return rows;
            },
          }),
        ),
    };
    const frozen = store(freezing).append([of('a', 0, counted(1))]).catch((error: unknown) => error);
    await locked;
    const before = performance.now();
    expect((await store().append([of('a', 0, counted(2))]))[0]).toMatchObject({ position: 1, data: { by: 2 } });
    expect(performance.now() - before).toBeLessThan(2_000);
    wake();
    expect(await frozen).toBeInstanceOf(ConnectionLost);
    expect([await store().end(), await counters()]).toEqual([1, [{ name: 'a', total: 2 }]]);
    expect((await store(theirs).append([of('a', 1, counted(3))]))[0]?.position).toBe(2); // its pool has recovered
  }, 15_000);
});

describe('a rebuild', () => {
  it('makes the same rows from the log, in batches', async () => {
    await store().append(Array.from({ length: 1_203 }, (_, n) => of(`s${n % 7}`, Math.floor(n / 7), counted(n))));
    const before = await counters();
    await ours.query(`update counter set total = 0 where name < 's3'`);
    await ours.query(`delete from counter where name >= 's3'`);
    await rebuild(ours, counterTable);
    expect(await counters()).toEqual(before);
  });
  it('fills a table that is new', async () => {
    await store(ours, []).append([of('a', 0, counted(1), counted(2))]);
    expect(await counters()).toEqual([]);
    await rebuild(ours, counterTable);
    expect(await counters()).toEqual([{ name: 'a', total: 3 }]);
  });
  it('misses nothing that is appended meanwhile, and counts nothing twice', async () => {
    await store().append([of('a', 0, ...Array.from({ length: 2_000 }, () => counted(1)))]);
    await Promise.all([
      rebuild(ours, counterTable),
      ...Array.from({ length: 20 }, (_, n) => store(theirs).append([of(`b${n}`, 0, counted(1))])),
      rebuild(theirs, counterTable),
    ]);
    const totals = await counters();
    expect(totals.find(({ name }) => name === 'a')).toEqual({ name: 'a', total: 2_000 });
    expect(totals.filter(({ name, total }) => name !== 'a' && total === 1)).toHaveLength(20);
  });
  it('that fails leaves the rows as they were', async () => {
    await store().append([of('a', 0, counted(1))]);
    const broken: Projection = { ...counterTable, on: { Counted: () => ({ statement: 'insert into nowhere values (1)', values: [] }) } };
    await expect(rebuild(ours, broken)).rejects.toThrow(QueryRefused);
    expect(await counters()).toEqual([{ name: 'a', total: 1 }]);
  });
});
