/**
 * npm run cluster [-- --workers N] [--port P] [--data DIR]: all services as processes of this machine, until Ctrl-C.
 * npm run cluster -- scale N | status: asks the one that runs in the data folder.
 * npm run cluster -- restart [SERVICE ...] [--from FOLDER]: starts one process after the other anew under load, from the build in another checkout where one is given.
 * npm run cluster -- routes: writes deploy/ anew from the controllers.
 */
import { parseArgs } from 'node:util';
import { ConfigurationError, openDataFolder, runProcess } from '@atelier/platform';
import { startCluster } from './cluster';
import { readClusterConfig, workersOf } from './config';
import { type Command, askCluster, restartCommand } from './control';
import { writeDeployFolder } from './routes-command';
import { OWN_BUILD, buildIn, serviceOf } from './services';

const optionsOf = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { workers: { type: 'string' }, port: { type: 'string' }, data: { type: 'string' }, from: { type: 'string' } } });
  } catch (error) {
    throw new ConfigurationError(error instanceof Error ? error.message : String(error));
  }
};

type Options = ReturnType<typeof optionsOf>['values'];

/** Options of the command line go before the environment. */
const environmentOf = ({ workers, port, data }: Options): NodeJS.ProcessEnv => ({
  ...process.env,
  ...(workers !== undefined && { ATELIER_CLUSTER_WORKERS: workers }),
  ...(port !== undefined && { ATELIER_HTTP_PORT: port }),
  ...(data !== undefined && { ATELIER_DATA_DIR: data }),
});

const ask = async (env: NodeJS.ProcessEnv, command: Command): Promise<void> => {
  const { dir } = openDataFolder({ ...readClusterConfig(env).config, ATELIER_DATABASE_URL: undefined });
  const answer = await askCluster(dir, command);
  if (answer === undefined) throw new ConfigurationError(`No cluster runs in ${dir}: \`npm run cluster\` starts one.`);
  console.log(JSON.stringify(answer, null, 1));
};

const run = async (env: NodeJS.ProcessEnv, { from }: Options) => {
  const { config, passed } = readClusterConfig(env);
  const cluster = await startCluster(config, passed, console.log, from === undefined ? OWN_BUILD : buildIn(from));
  console.log(`\nThe cluster is ready at ${cluster.url}\nAccount ${cluster.folder.accountSid}, its auth token lies in ${cluster.folder.accountFile}; output of the services in ${cluster.folder.dir}/logs`);
  return cluster;
};

const COMMANDS: Readonly<Record<string, (env: NodeJS.ProcessEnv, args: readonly string[], options: Options) => Promise<void>>> = {
  scale: (env, [count]) => ask(env, `scale/${workersOf(count)}`),
  restart: (env, services, { from }) => ask(env, restartCommand({ from: from === undefined ? undefined : buildIn(from), services: services.map(serviceOf) })),
  status: (env) => ask(env, 'status'),
  routes: () => writeDeployFolder(console.log),
};

const main = async () => {
  const { values, positionals } = optionsOf(process.argv.slice(2));
  const [name, ...args] = positionals;
  const env = environmentOf(values);
  if (name === undefined) return run(env, values);
  const command = COMMANDS[name];
  if (!command) throw new ConfigurationError(`Expected scale N, restart, status, routes or nothing, found ${name}`);
  await command(env, args, values);
  process.exit(0);
};

void runProcess(main);
