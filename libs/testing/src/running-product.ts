import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type AtelierOptions, type RunningAtelier, removeAtelier, startAtelier } from './running-atelier';
import type { RunningCluster } from './running-cluster';

type Context = 'flows' | 'executions' | 'credentials' | 'audit' | 'carrier';

/** What a suite of the product tests: one process, or the cluster of separate ones. */
export type TestedProduct = RunningAtelier & {
  readonly dataDir: string;
  /** Its services are processes of their own behind a proxy, and hear of each other's facts by the bus. */
  readonly isCluster: boolean;
  readonly restPerSecondMax: number;
  /** Where services ask credentials, and the token for it. */
  readonly internal: { readonly url: string; readonly token: string };
  /** Of a context's tables, which lie in the schema of its name. */
  databaseUrl(context: Context): string;
};

type Settings = Readonly<Record<string, string>>;
type TestedCluster = { readonly cluster: RunningCluster; readonly dataDir: string; readonly settings: Settings };

const REST_PER_SECOND_MAX = 20; // where no setting says otherwise

let running: TestedCluster | undefined;

/** From now on the suites of this spec file test this cluster. */
export const testCluster = (tested: TestedCluster): void => void (running = tested);

/** One process, or the cluster that this spec file has started: that has the settings of all its suites already. */
export const startProduct = async (options: AtelierOptions): Promise<TestedProduct> => (running ? onCluster(running) : alone(options));

/** Ends what was started for the suite alone. */
export const endProduct = async (product: TestedProduct | undefined): Promise<void> => {
  if (running || !product) return;
  await product.end('SIGKILL');
  await removeAtelier(product.dataDir);
};

const alone = async (options: AtelierOptions): Promise<TestedProduct> => {
  const token = randomBytes(24).toString('hex');
  const atelier = await startAtelier({ ...options, settings: { ...options.settings, ATELIER_INTERNAL_TOKEN: token } });
  return {
    ...atelier,
    dataDir: options.dataDir,
    isCluster: false,
    restPerSecondMax: restPerSecondMax(options.settings),
    internal: { url: atelier.url, token },
    databaseUrl: () => serverUrl(options.dataDir, 'postgres'),
  };
};

const restPerSecondMax = (settings: Settings = {}): number => Number(settings['ATELIER_REST_EXECUTIONS_PER_SECOND_MAX'] ?? REST_PER_SECOND_MAX);

const onCluster = async ({ cluster, dataDir, settings }: TestedCluster): Promise<TestedProduct> => {
  const { internal_token: token } = JSON.parse(readFileSync(join(dataDir, 'cluster.secrets.json'), 'utf8')) as { internal_token: string }; // as installation.ts of the cluster writes it
  const { sites } = await cluster.status();
  return {
    ...cluster,
    dataDir,
    isCluster: true,
    restPerSecondMax: restPerSecondMax(settings),
    internal: { url: sites['credentials-service'] ?? '', token },
    databaseUrl: (context) => serverUrl(dataDir, `atelier_${context}`),
    output: () => [cluster.output(), ...readdirSync(join(dataDir, 'logs')).map((log) => readFileSync(join(dataDir, 'logs', log), 'utf8'))].join('\n'),
  };
};

/** A database of the embedded server of a data folder, as its owner. */
const serverUrl = (dataDir: string, database: string): string =>
  `postgresql://atelier:${readFileSync(join(dataDir, 'postgres.password'), 'utf8').trim()}@127.0.0.1:${readFileSync(join(dataDir, 'postgres.port'), 'utf8')}/${database}`;
