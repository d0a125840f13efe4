/**
 * npm run rebuild -- flows|credentials|executions [--database URL]
 * Makes a context's rows again from its log while everything runs; readers see the old rows until the new ones are complete. Without a URL: the database of
 * ATELIER_DATABASE_URL, else the one of the data folder. Audit records are facts, not rows of a log, and are never rebuilt.
 */
import { parseArgs } from 'node:util';
import { CREDENTIALS_MIGRATIONS, CREDENTIALS_PROJECTIONS } from '@atelier/credentials';
import { type Projection, rebuild } from '@atelier/event-store';
import { openExecutionsDatabase, rebuildExecutions } from '@atelier/executions';
import { FLOWS_MIGRATIONS, FLOWS_PROJECTIONS } from '@atelier/flows';
import { ConfigurationError, type Database, type DatabaseOptions, createLog, openDataFolder, openDatabase, readConfig, startDatabase } from '@atelier/platform';
import { atelierConfig } from './config';

type Say = (line: string) => void;
type Rebuild = (url: string, say: Say) => Promise<void>;

const PROGRESS_EACH_MS = 1_000;

const projections = (schema: string, migrations: DatabaseOptions['migrations'], tables: readonly Projection[]): Rebuild => (url, say) =>
  over(openDatabase({ url, schema, migrations, poolMax: 2 }), async (database) => {
    const [head] = await database.query<{ position: string }>('select position from event_head');
    for (const table of tables) {
      const progress = slowly(say);
      let events = 0;
      await rebuild(database, table, (position) => progress(`  ${table.name}: event ${(events = position)} of ${head?.position ?? '?'}`));
      say(`✓ ${table.name}: built from the log up to event ${events}`);
    }
  });

const executions: Rebuild = (url, say) =>
  over(openExecutionsDatabase(url, 3), async (database) => {
    let [shards, all, changed] = [0, 0, 0];
    const progress = slowly(say);
    await rebuildExecutions(database, (done) => {
      [shards, all, changed] = [shards + 1, all + done.executions, changed + done.changed];
      progress(`  ${shards} shards: ${all} executions, ${changed} rows were not as their log says`);
    });
    say(`✓ executions: ${shards} shards, ${all} executions, ${changed} rows were not as their log says`);
  });

const CONTEXTS: Readonly<Record<string, Rebuild>> = {
  flows: projections('flows', FLOWS_MIGRATIONS, FLOWS_PROJECTIONS),
  credentials: projections('credentials', CREDENTIALS_MIGRATIONS, CREDENTIALS_PROJECTIONS),
  executions,
};

const over = async (opening: Promise<Database>, work: (database: Database) => Promise<void>): Promise<void> => {
  const database = await opening;
  try {
    await work(database);
  } finally {
    await database.close();
  }
};

const slowly = (say: Say): Say => {
  let saidAt = performance.now();
  return (line) => {
    if (performance.now() - saidAt < PROGRESS_EACH_MS) return;
    saidAt = performance.now();
    say(line);
  };
};

const argumentsOf = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { database: { type: 'string' } } });
  } catch (error) {
    throw new ConfigurationError(error instanceof Error ? error.message : String(error));
  }
};

const main = async (): Promise<void> => {
  const { values, positionals } = argumentsOf(process.argv.slice(2));
  const context = CONTEXTS[positionals[0] ?? ''];
  if (!context || positionals.length > 1) throw new ConfigurationError(`Expected ${Object.keys(CONTEXTS).join(', ')}, found ${positionals.join(' ') || 'nothing'}`);
  const config = readConfig(atelierConfig, process.env);
  const given = values.database ?? config.ATELIER_DATABASE_URL;
  const database = await startDatabase(given, given === undefined ? openDataFolder(config).dir : '', createLog('rebuild', 'warn'));
  try {
    await context(database.url, console.log);
  } finally {
    await database.abandon();
  }
};

main().catch((error: unknown) => {
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exitCode = 1;
});
