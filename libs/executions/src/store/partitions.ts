import { type Database, QueryRefused } from '@atelier/platform';

const DAY_MS = 86_400_000;
const AHEAD_DAYS = 3; // a janitor that does not run for days leaves rows in the default partition, which only costs speed

const TABLES = ['sprint', 'execution'] as const;

/** The first identifier of a moment: executions sort by their start, so those of a day are one partition. */
const firstOf = (ms: number): string => `${ms.toString(16).padStart(12, '0')}${'0'.repeat(20)}`;
const nameOf = (table: string, dayMs: number): string => `${table}_${new Date(dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
const dayOf = (ms: number): number => ms - (ms % DAY_MS);

/** Makes the partitions of today and the next days where they are missing. Several workers may try at once. */
export const makePartitions = async (db: Database, nowMs: number): Promise<void> => {
  const today = dayOf(nowMs);
  for (let day = today; day <= today + AHEAD_DAYS * DAY_MS; day += DAY_MS) for (const table of TABLES) await makePartition(db, table, day);
};

const makePartition = async (db: Database, table: string, day: number): Promise<void> => {
  const name = nameOf(table, day);
  const [known] = await db.query<{ found: boolean }>(`select to_regclass($1) is not null as found`, [`${db.schema}.${name}`]);
  if (known?.found) return;
  const bounds = `from ('${firstOf(day)}') to ('${firstOf(day + DAY_MS)}')`;
  const [other] = await db.query<{ found: boolean }>(`select exists (select from ${table}_other where ${KEY[table]} >= $1::uuid and ${KEY[table]} < $2::uuid) as found`, [firstOf(day), firstOf(day + DAY_MS)]);
  if (other?.found) return; // the day began in the default partition; it stays there
  await db.query(`create table if not exists ${name} partition of ${table} for values ${bounds}`).catch((error: unknown) => {
    if (!(error instanceof QueryRefused)) throw error; // another worker made it, or the day has just begun in the default partition
  });
};
const KEY: Readonly<Record<string, string>> = { sprint: 'execution', execution: 'sid' };

/** Drops the days whose executions have been invisible since yesterday; answers their names. */
export const dropPartitions = async (db: Database, nowMs: number, visibleDays: number): Promise<readonly string[]> => {
  const oldest = dayOf(nowMs) - (visibleDays + 1) * DAY_MS;
  const rows = await db.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent join pg_namespace n on n.oid = p.relnamespace
      where n.nspname = $1 and p.relname = any($2) and c.relname ~ '_[0-9]{8}$'`,
    [db.schema, [...TABLES]],
  );
  const old = rows.map(({ name }) => name).filter((name) => name.slice(-8) < nameOf('', oldest).slice(-8));
  for (const name of old) await db.query(`drop table if exists ${name}`);
  for (const table of TABLES) await db.query(`delete from ${table}_other where ${KEY[table]} < $1`, [firstOf(oldest)]);
  return old;
};
