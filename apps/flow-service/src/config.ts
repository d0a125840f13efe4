import { kafkaServiceConfig } from '@atelier/bus';
import { flowsConfig } from '@atelier/flows';
import { credentialsSiteConfig, serviceConfig } from '@atelier/platform';
import { restConfig } from '@atelier/rest-kit';
import { z } from 'zod';

/** Everything flow-service may be told. */
export const flowServiceConfig = z.object({
  ...restConfig.shape,
  ...flowsConfig.shape,
  ...kafkaServiceConfig.shape,
  ...serviceConfig.shape,
  ...credentialsSiteConfig.shape,
});
export type FlowServiceConfig = z.infer<typeof flowServiceConfig>;
