import { AUDIT_MIGRATIONS, AuditModule, AuditStore, auditServer } from '@atelier/audit';
import { type Connect, connectKafka, follow, storedPositions } from '@atelier/bus';
import { type Log, type Parts, type Say, databaseMetrics, openDatabase, systemClock } from '@atelier/platform';
import { CREDENTIAL_CHECK, type RunningService, type ServiceDefinition, createRemoteCredentialCheck, startClient, startService } from '@atelier/rest-kit';
import type { AuditServiceConfig } from './config';

/** Audit records: made from the events of flows and credentials, read over REST, and told on `atelier.audit.events`. */
export const startAuditService = (config: AuditServiceConfig, say: Say, connect: Connect = connectKafka): Promise<RunningService> =>
  startService('audit-service', config, say, (parts, log) => compose(config, parts, log, connect));

const compose = async (config: AuditServiceConfig, parts: Parts, log: Log, connect: Connect): Promise<ServiceDefinition> => {
  const database = await parts.start('audit', () => openDatabase({ url: config.ATELIER_DATABASE_URL, schema: 'audit', migrations: AUDIT_MIGRATIONS }), (each) => each.close());
  const store = new AuditStore(database);
  const messaging = await parts.start('Kafka', () => connect(config, log), (each) => each.close());
  databaseMetrics(messaging.metrics, [database]);
  messaging.publish({ source: store.topic, positions: storedPositions(database) });
  const credentials = await startClient(parts, 'credentials-service', config.ATELIER_CREDENTIALS_URL, config.ATELIER_INTERNAL_TOKEN);
  const check = createRemoteCredentialCheck(credentials, systemClock);
  await follow(messaging.bus, 'atelier.credentials.events', [check]);
  return {
    imports: [AuditModule.with({ store })],
    providers: [{ provide: CREDENTIAL_CHECK, useValue: check }],
    transports: [auditServer(messaging.bus, store)],
    needs: { kafka: messaging.reach }, // without it, what happens is not recorded yet
    signs: { 'credentials-service': credentials.reach },
    metrics: [messaging.metrics],
  };
};
