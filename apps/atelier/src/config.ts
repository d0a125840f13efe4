import { kafkaConfig } from '@atelier/bus';
import { credentialsConfig } from '@atelier/credentials';
import { executionsConfig } from '@atelier/executions';
import { flowsConfig } from '@atelier/flows';
import { dataFolderConfig, httpCallerConfig, oneOf } from '@atelier/platform';
import { restConfig } from '@atelier/rest-kit';
import { twilioConfig } from '@atelier/twilio-client';
import { z } from 'zod';

const ownConfig = z.object({
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
  ...dataFolderConfig.shape,
  ...kafkaConfig.shape,
  ...ownConfig.shape,
});
export type AtelierConfig = z.infer<typeof atelierConfig>;
