import { credentialsConfig } from '@atelier/credentials';
import { executionsConfig } from '@atelier/executions';
import { flowsConfig } from '@atelier/flows';
import { httpCallerConfig, oneOf } from '@atelier/platform';
import { restConfig } from '@atelier/rest-kit';
import { twilioConfig } from '@atelier/twilio-client';
import { z } from 'zod';

const ownConfig = z.object({
  ATELIER_DATA_DIR: z.string().min(1).default('.atelier').describe('The embedded database, the first account, and the master key.'),
  ATELIER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional().describe('PostgreSQL. Left out: the embedded database.'),
  ATELIER_ACCOUNT_SID: z.string().regex(/^AC[0-9a-f]{32}$/).optional().describe('The first account. Left out: generated once and kept in account.json.'),
  ATELIER_AUTH_TOKEN: z.string().regex(/^[0-9a-f]{32}$/).optional().describe('Its auth token: 32 hexadecimal characters. Left out: generated once.'),
  ATELIER_LOG_LEVEL: oneOf(['warn', 'debug', 'info', 'error', 'silent'], 'How much is logged.'),
});

/** Everything the all-in-one process may be told: its own settings and those of the libraries it is made of. */
export const atelierConfig = z.object({
  ...restConfig.shape,
  ...flowsConfig.shape,
  ...executionsConfig.shape,
  ...credentialsConfig.shape,
  ...twilioConfig.shape,
  ...httpCallerConfig.shape,
  ...ownConfig.shape,
});
export type AtelierConfig = z.infer<typeof atelierConfig>;
