import { kafkaServiceConfig } from '@atelier/bus';
import { executionRetentionConfig, executionRulesConfig, executionWorkerConfig } from '@atelier/executions';
import { credentialsSiteConfig, flowsSiteConfig, httpCallerConfig, oneOf, serviceConfig } from '@atelier/platform';
import { restConfig } from '@atelier/rest-kit';
import { twilioConfig } from '@atelier/twilio-client';
import { z } from 'zod';

/** Everything an execution worker may be told. */
export const executionWorkerServiceConfig = z.object({
  ...restConfig.shape,
  ...executionWorkerConfig.shape,
  ...executionRulesConfig.shape,
  ...executionRetentionConfig.shape,
  ...httpCallerConfig.shape,
  ...kafkaServiceConfig.shape,
  ...serviceConfig.shape,
  ...credentialsSiteConfig.shape,
  ...flowsSiteConfig.shape,
  ATELIER_PUBLIC_URL: restConfig.shape.ATELIER_PUBLIC_URL.unwrap().describe('Where carriers reach execution-api: stands in the callback URLs of messages.'),
  ATELIER_TWILIO_BASE_URL: twilioConfig.shape.ATELIER_TWILIO_BASE_URL.unwrap().describe('Where widgets send messages: https://api.twilio.com, the local carrier, or any host that speaks its API.'),
  ATELIER_TWILIO_LOOKUP: oneOf(['inconclusive', 'conclusive'], 'Whether a message that a look-up does not find was certainly never accepted: true of the local carrier alone.'),
});
export type ExecutionWorkerConfig = z.infer<typeof executionWorkerServiceConfig>;
