import { kafkaServiceConfig } from '@atelier/bus';
import { executionInboxConfig, executionRetentionConfig, executionRulesConfig, executionsHttpConfig } from '@atelier/executions';
import { credentialsSiteConfig, flowsSiteConfig, serviceConfig } from '@atelier/platform';
import { restConfig } from '@atelier/rest-kit';
import { z } from 'zod';

/** Everything execution-api may be told. */
export const executionApiConfig = z.object({
  ...restConfig.shape,
  ...executionsHttpConfig.shape,
  ...executionInboxConfig.shape,
  ...executionRulesConfig.shape,
  ...executionRetentionConfig.shape,
  ...kafkaServiceConfig.shape,
  ...serviceConfig.shape,
  ...credentialsSiteConfig.shape,
  ...flowsSiteConfig.shape,
});
export type ExecutionApiConfig = z.infer<typeof executionApiConfig>;
