import { dirname } from 'node:path';
import { type Connect, connectKafka, storedPositions } from '@atelier/bus';
import type { AccountSid } from '@atelier/contracts';
import { CREDENTIALS_MIGRATIONS, CredentialsModule, createCredentialsCore, credentialsOptionsOf } from '@atelier/credentials';
import { type Log, type Parts, type Say, databaseMetrics, openDatabase } from '@atelier/platform';
import { type RunningService, type ServiceDefinition, startService } from '@atelier/rest-kit';
import type { CredentialsServiceConfig } from './config';

/** Accounts, keys, the Studio API Key, the vault: their REST, the answers to other services, and `atelier.credentials.events`. */
export const startCredentialsService = (config: CredentialsServiceConfig, say: Say, connect: Connect = connectKafka): Promise<RunningService> =>
  startService('credentials-service', config, say, (parts, log) => compose(config, parts, log, connect));

const compose = async (config: CredentialsServiceConfig, parts: Parts, log: Log, connect: Connect): Promise<ServiceDefinition> => {
  const options = credentialsOptionsOf(config, dirname(config.ATELIER_MASTER_KEY_FILE));
  const database = await parts.start('credentials', () => openDatabase({ url: config.ATELIER_DATABASE_URL, schema: 'credentials', migrations: CREDENTIALS_MIGRATIONS }), (each) => each.close());
  const core = await parts.start('keys', () => createCredentialsCore(database, options), (each) => each.close());
  await core.seed({ accountSid: config.ATELIER_ACCOUNT_SID as AccountSid, authToken: config.ATELIER_AUTH_TOKEN }); // checked by the schema
  const messaging = await parts.start('Kafka', () => connect(config, log), (each) => each.close());
  databaseMetrics(messaging.metrics, [database]);
  messaging.publish({ source: core.topic, positions: storedPositions(database) });
  return {
    imports: [CredentialsModule.with({ core, internalToken: config.ATELIER_INTERNAL_TOKEN })],
    signs: { kafka: messaging.reach },
    metrics: [messaging.metrics],
  };
};
