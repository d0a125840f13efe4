import { z } from 'zod';
import { oneOf } from './config';
import { internalToken } from './internal-client';

const site = (text: string) => z.url({ protocol: /^https?$/ }).describe(text);

/** What every service of its own may be told: its context's database and the token of the installation have no default. */
export const serviceConfig = z.object({
  ATELIER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).describe('PostgreSQL: a database of this context alone. execution-api and execution-worker share one.'),
  ATELIER_INTERNAL_TOKEN: internalToken,
  ATELIER_LOG_LEVEL: oneOf(['warn', 'debug', 'info', 'error', 'silent'], 'How much is logged.'),
});

/** Where credentials-service answers. */
export const credentialsSiteConfig = z.object({ ATELIER_CREDENTIALS_URL: site('Origin of credentials-service, as this service reaches it.') });

/** Where flow-service answers. */
export const flowsSiteConfig = z.object({ ATELIER_FLOWS_URL: site('Origin of flow-service, as this service reaches it.') });
