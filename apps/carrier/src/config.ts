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
  ATELIER_PUBLIC_URL_INSIDE: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where this process reaches ATELIER_PUBLIC_URL, if not under that name: in a container, localhost is itself. Webhooks there go to this origin, signed for the public one.'),
});
export type CarrierConfig = z.infer<typeof carrierConfig>;
