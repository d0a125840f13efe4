import { kafkaServiceConfig } from '@atelier/bus';
import { credentialsSiteConfig, serviceConfig } from '@atelier/platform';
import { restConfig } from '@atelier/rest-kit';
import { z } from 'zod';

/** Everything audit-service may be told. */
export const auditServiceConfig = z.object({
  ...restConfig.shape,
  ...kafkaServiceConfig.shape,
  ...serviceConfig.shape,
  ...credentialsSiteConfig.shape,
});
export type AuditServiceConfig = z.infer<typeof auditServiceConfig>;
