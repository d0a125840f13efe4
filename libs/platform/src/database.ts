import { Fault } from '@atelier/contracts';
import { Client, type Pool, type PoolClient, type QueryConfig, DatabaseError } from 'pg';
import { DataSource, type MigrationInterface, QueryFailedError, TypeORMError } from 'typeorm';

/** SQL with `$1` parameters. A named statement is prepared once per connection: for the hot paths. */
export type Statement = { readonly name: string; readonly text: string };

export interface Queryable {
  /**
   * Rows of one statement. Throws QueryRefused where PostgreSQL refuses it, ConnectionLost where nobody knows whether it was done, and another Fault
   * where the server lacks what it needs, such as room on its disk: then nothing was written.
   */
  query<R extends object>(statement: string | Statement, values?: readonly unknown[]): Promise<R[]>;
}

/** One context's tables: its own database, or its own schema of the embedded one (search_path is set; SQL names no schema). */
export interface Database extends Queryable {
  /** Name of the schema, for channel names and messages. */
  readonly schema: string;
  /** Statements on one connection between begin and commit. Hot paths use one statement instead. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  /** Calls back on NOTIFY of a channel, on a connection of its own that comes back by itself. A hint: poll beside it. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
  notify(channel: string, payload: string): Promise<void>;
  /** Of the pool, for operators; `waiting`: statements that wait for a connection. */
  connections(): { readonly busy: number; readonly idle: number; readonly waiting: number };
  close(): Promise<void>;
}

/** PostgreSQL understood the statement and refused it; nothing was written. */
export class QueryRefused extends Error {
  override readonly name = 'QueryRefused';
  constructor(
    message: string,
    /** SQLSTATE, for example 23505 (unique violation). */
    readonly code: string,
    readonly constraint: string | undefined,
  ) {
    super(message);
  }
}

/** The connection broke: the statement may or may not have been committed. Reload before trying again. */
export class ConnectionLost extends Fault {}

export const isUniqueViolation = (error: unknown, constraint?: string): error is QueryRefused =>
  error instanceof QueryRefused && error.code === '23505' && (constraint === undefined || error.constraint === constraint);

export type DatabaseOptions = {
  readonly url: string;
  readonly schema: string;
  /** Class names end in a JavaScript timestamp, TypeORM's order. */
  readonly migrations: readonly (new () => MigrationInterface)[];
  /** Connections at the most. */
  readonly poolMax?: number;
  /** Server parameters of the pool's connections, such as those that steer the planner of a hot path. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** How long an answer is waited for: a network that was cut in silence is a lost connection then. */
  readonly answerMs?: number;
};

const ANSWER_MS = 10_000; // statements take milliseconds, chores a second
const KEEP_ALIVE_MS = 10_000; // a listener asks nothing: only TCP tells that nobody is there any more

const SHUTDOWN_CLASSES = new Set(['57P01', '57P02', '57P03']); // the server is stopping or starting: as good as a lost connection
const LISTEN_RETRY_MS = 500;

// Insufficient resources and system errors. Where the system's own refusal has no class, the server's file that it comes from tells: storage and its log.
const WORLD = /^(53|58)/;
const STORAGE: ReadonlySet<string> = new Set(['md.c', 'fd.c', 'smgr.c', 'slru.c', 'xlog.c', 'bulk_write.c', 'bufmgr.c']);
const lacksResources = ({ code, file }: DatabaseError): boolean => WORLD.test(code ?? '') || (code === 'XX000' && STORAGE.has(file ?? ''));

const translated = (error: unknown): unknown => {
  if (error instanceof QueryFailedError) return translated(error.driverError);
  if (error instanceof TypeORMError) return error; // a mistake in a migration
  if (error instanceof DatabaseError && lacksResources(error)) return new Fault(`PostgreSQL lacks what it needs: ${error.message}`, { cause: error });
  if (error instanceof DatabaseError && error.code && !SHUTDOWN_CLASSES.has(error.code) && !error.code.startsWith('08'))
    return new QueryRefused(error.message, error.code, error.constraint);
  return new ConnectionLost(error instanceof Error ? error.message : String(error), { cause: error });
};

type Asked = { readonly on: Pool | PoolClient; readonly answerMs: number };

const run = async <R extends object>({ on, answerMs }: Asked, statement: string | Statement, values: readonly unknown[] = []): Promise<R[]> => {
  try {
    const asked: QueryConfig & { readonly query_timeout: number } = { ...(typeof statement === 'string' ? { text: statement } : statement), values: [...values], query_timeout: answerMs };
    return (await on.query<R>(asked)).rows;
  } catch (error) {
    throw translated(error);
  }
};

/** Makes the schema if it is missing, brings it up to date (one process at a time), and opens a pool whose search_path is that schema. */
export const openDatabase = async (options: DatabaseOptions): Promise<Database> => {
  const { url, schema, migrations, poolMax = 10, parameters = {}, answerMs = ANSWER_MS } = options;
  const settings = Object.entries({ search_path: schema, ...parameters }).map(([name, value]) => `-c ${name}=${value}`);
  const source = new DataSource({
    type: 'postgres',
    url,
    schema,
    migrations: [...migrations],
    migrationsTableName: 'migration',
    poolSize: poolMax,
    extra: { options: settings.join(' '), keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS, connectionTimeoutMillis: answerMs, allowExitOnIdle: true },
    poolErrorHandler: () => undefined, // an idle connection died; the pool replaces it, and the next query says so if the server is gone
  });
  await migrated(source, url, schema);
  // TypeORM types its driver's pool as unknown; for type 'postgres' it is the Pool of pg.
  const pool = (source.driver as unknown as { master: Pool }).master;
  const all = { on: pool, answerMs };
  return {
    schema,
    query: (statement, values) => run(all, statement, values),
    transaction: (work) => transaction(pool, answerMs, work),
    listen: (channel, onNotify) => listen(url, channel, onNotify),
    notify: async (channel, payload) => void (await run(all, 'select pg_notify($1, $2)', [channel, payload])),
    // Beside an idle connection nobody waits: the pool hands it out in the next tick.
    connections: () => ({ busy: pool.totalCount - pool.idleCount, idle: pool.idleCount, waiting: pool.idleCount > 0 ? 0 : pool.waitingCount }),
    close: () => source.destroy(),
  };
};

// Two processes that migrate at once fail with a duplicate key, so one advisory lock per schema stands around it.
const migrated = async (source: DataSource, url: string, schema: string): Promise<void> => {
  const guard = new Client({ connectionString: url });
  try {
    await guard.connect();
    await guard.query('select pg_advisory_lock(hashtext($1))', [`atelier.migration.${schema}`]);
    await guard.query(`create schema if not exists ${schema}`);
    await source.initialize();
    await source.runMigrations({ transaction: 'all' });
  } catch (error) {
    if (source.isInitialized) await source.destroy();
    throw translated(error);
  } finally {
    await guard.end().catch(() => undefined); // the connection may never have been made; the error above says so
  }
};

const transaction = async <T>(pool: Pool, answerMs: number, work: (tx: Queryable) => Promise<T>): Promise<T> => {
  const client = await pool.connect().catch((error: unknown) => {
    throw translated(error);
  });
  const one = { on: client, answerMs };
  let broken = false;
  client.on('error', ignored);
  try {
    await run(one, 'begin');
    const result = await work({ query: (statement, values) => run(one, statement, values) });
    await run(one, 'commit');
    return result;
  } catch (error) {
    broken = error instanceof ConnectionLost;
    if (!broken) await run(one, 'rollback');
    throw error;
  } finally {
    client.off('error', ignored);
    client.release(broken);
  }
};

// A connection that breaks between two statements says so by an event, which nobody else hears; the next statement says it again.
const ignored = (): void => undefined;

const listen = async (url: string, channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>> => {
  let stopped = false;
  let client: Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  const connect = async (): Promise<void> => {
    const mine = new Client({ connectionString: url, keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS });
    client = mine;
    mine.on('notification', ({ payload }) => onNotify(payload ?? ''));
    mine.on('error', again);
    mine.on('end', again);
    await mine.connect();
    await mine.query(`listen "${channel}"`);
  };
  const again = (): void => {
    if (stopped || retry) return;
    retry = setTimeout(() => {
      retry = undefined;
      connect().then(() => onNotify(''), again); // something may have been missed: an empty hint makes listeners look
    }, LISTEN_RETRY_MS);
    retry.unref();
  };
  await connect().catch((error: unknown) => {
    throw translated(error);
  });
  return async () => {
    stopped = true;
    clearTimeout(retry);
    await client?.end().catch(() => undefined); // already gone
  };
};
