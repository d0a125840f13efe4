import { join } from 'node:path';
import { EVENT_STORE_MIGRATIONS } from '@atelier/event-store';
import { internalToken, wholeNumber } from '@atelier/platform';
import { z } from 'zod';
import type { CredentialsOptions } from './credentials-core';
import { readMasterKey, readOrMakeMasterKey } from './master-key';
import { Credentials1795000000200 } from './migrations';

/** What credentials may be told. */
export const credentialsConfig = z.object({
  ATELIER_MASTER_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe('File with 64 hexadecimal digits that wrap the data keys of secrets. Left out: master.key in the data folder, made at the first start.'),
  ATELIER_INTERNAL_TOKEN: internalToken.optional().describe('Authenticates /internal/v1 between services, and operators. Left out: internal.token in the data folder, made at the first start.'),
  ATELIER_STORE_GENERATION: wholeNumber(1, 'Counts up when executions move to a new data store; each generation has a Studio API Key of its own.', 1),
});

type Config = z.infer<typeof credentialsConfig> & { readonly ATELIER_REGION: string };

/** Settings → options. Reads the master key, and makes it in the data folder where no file is named. ConfigurationError where that fails. */
export const credentialsOptionsOf = (config: Config, dataDir: string): CredentialsOptions => ({
  masterKey: config.ATELIER_MASTER_KEY_FILE ? readMasterKey(config.ATELIER_MASTER_KEY_FILE) : readOrMakeMasterKey(join(dataDir, 'master.key')),
  region: config.ATELIER_REGION,
  storeGeneration: config.ATELIER_STORE_GENERATION,
});

/** The context's tables: its log, and what is read from it. */
export const CREDENTIALS_MIGRATIONS = [...EVENT_STORE_MIGRATIONS, Credentials1795000000200];
