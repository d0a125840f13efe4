import { kafkaConfig } from '@atelier/bus';
import { ConfigurationError, cacheConfig, dataFolderConfig, readConfig } from '@atelier/platform';
import { restConfig } from '@atelier/rest-kit';
import { twilioConfig } from '@atelier/twilio-client';
import { z } from 'zod';
import { SERVICE_NAMES, schemaOf } from './services';

const WORKERS_MAX = 64; // as many as there are shards

/** What the cluster on one machine may be told, beside everything that its services may. */
export const clusterConfig = z.object({
  ATELIER_CLUSTER_WORKERS: z.coerce.number().int().min(0).max(WORKERS_MAX).default(2).describe('Execution workers at the start; `npm run cluster -- scale N` changes it.'),
  ...cacheConfig.shape,
  ATELIER_DATA_DIR: dataFolderConfig.shape.ATELIER_DATA_DIR.default('.atelier/cluster'),
  ATELIER_ACCOUNT_SID: dataFolderConfig.shape.ATELIER_ACCOUNT_SID,
  ATELIER_AUTH_TOKEN: dataFolderConfig.shape.ATELIER_AUTH_TOKEN,
  ATELIER_HTTP_HOST: restConfig.shape.ATELIER_HTTP_HOST,
  ATELIER_HTTP_PORT: restConfig.shape.ATELIER_HTTP_PORT,
  ATELIER_PUBLIC_URL: restConfig.shape.ATELIER_PUBLIC_URL,
  ATELIER_TRUSTED_PROXIES: restConfig.shape.ATELIER_TRUSTED_PROXIES,
  ATELIER_KAFKA_BROKERS: kafkaConfig.shape.ATELIER_KAFKA_BROKERS,
  ATELIER_TWILIO_BASE_URL: twilioConfig.shape.ATELIER_TWILIO_BASE_URL,
});
export type ClusterConfig = z.infer<typeof clusterConfig>;

export const workersOf = (text: string | undefined): number => {
  const workers = Number(text);
  if (text === undefined || !Number.isInteger(workers) || workers < 0 || workers > WORKERS_MAX) throw new ConfigurationError(`Expected a number of workers from 0 to ${WORKERS_MAX}, found ${text ?? 'none'}`);
  return workers;
};

/** Our own settings, and those that are passed on to the services that know them. A name that nobody knows is a mistake. */
export const readClusterConfig = (env: Readonly<Record<string, string | undefined>>): { readonly config: ClusterConfig; readonly passed: Readonly<Record<string, string>> } => {
  const known = new Set(SERVICE_NAMES.flatMap((name) => Object.keys(schemaOf(name).shape)));
  const isPassed = (name: string): boolean => known.has(name) && !(name in clusterConfig.shape);
  const passed = Object.entries(env).filter((entry): entry is [string, string] => isPassed(entry[0]) && entry[1] !== undefined);
  return { config: readConfig(clusterConfig, Object.fromEntries(Object.entries(env).filter(([name]) => !isPassed(name)))), passed: Object.fromEntries(passed) };
};
