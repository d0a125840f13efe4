import { kafkaServiceConfig } from '@atelier/bus';
import { credentialsSiteConfig, httpCallerConfig, serviceConfig } from '@atelier/platform';
import { restConfig } from '@atelier/rest-kit';
import { z } from 'zod';

const { ATELIER_OUTBOUND_PRIVATE_NETWORKS } = httpCallerConfig.shape;

/** Everything the carrier as a process may be told. */
export const carrierConfig = z.object({
  ...restConfig.shape,
  ...kafkaServiceConfig.shape,
  ...serviceConfig.shape,
  ...credentialsSiteConfig.shape,
  ATELIER_OUTBOUND_PRIVATE_NETWORKS,
});
export type CarrierConfig = z.infer<typeof carrierConfig>;
