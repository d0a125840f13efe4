import { kafkaServiceConfig } from '@atelier/bus';
import { credentialsConfig } from '@atelier/credentials';
import { dataFolderConfig, serviceConfig } from '@atelier/platform';
import { restConfig } from '@atelier/rest-kit';
import { z } from 'zod';

const { ATELIER_ACCOUNT_SID, ATELIER_AUTH_TOKEN } = dataFolderConfig.shape;

/** Everything credentials-service may be told. */
export const credentialsServiceConfig = z.object({
  ...restConfig.shape,
  ...credentialsConfig.shape,
  ...kafkaServiceConfig.shape,
  ...serviceConfig.shape,
  ATELIER_MASTER_KEY_FILE: z.string().min(1).describe('File with 64 hexadecimal digits that wrap the data keys of secrets; the same for every process of the service.'),
  ATELIER_ACCOUNT_SID: ATELIER_ACCOUNT_SID.unwrap().describe('The first account, made at the first start.'),
  ATELIER_AUTH_TOKEN: ATELIER_AUTH_TOKEN.unwrap().describe('Its auth token: 32 hexadecimal characters.'),
});
export type CredentialsServiceConfig = z.infer<typeof credentialsServiceConfig>;
