import { type Connect, connectKafka, follow, storedPositions } from '@atelier/bus';
import { FLOWS_MIGRATIONS, FlowsModule, createFlowsCore, flowsOptionsOf } from '@atelier/flows';
import { type Log, type Parts, type Say, databaseMetrics, openDatabase, systemClock } from '@atelier/platform';
import { CREDENTIAL_CHECK, type RunningService, type ServiceDefinition, createRemoteCredentialCheck, startClient, startService } from '@atelier/rest-kit';
import type { FlowServiceConfig } from './config';

/** Flows, revisions, test users: their REST, the directory for other services, and `atelier.flows.events`. */
export const startFlowService = (config: FlowServiceConfig, say: Say, connect: Connect = connectKafka): Promise<RunningService> =>
  startService('flow-service', config, say, (parts, log) => compose(config, parts, log, connect));

const compose = async (config: FlowServiceConfig, parts: Parts, log: Log, connect: Connect): Promise<ServiceDefinition> => {
  const database = await parts.start('flows', () => openDatabase({ url: config.ATELIER_DATABASE_URL, schema: 'flows', migrations: FLOWS_MIGRATIONS }), (each) => each.close());
  const core = createFlowsCore(database, flowsOptionsOf(config));
  const messaging = await parts.start('Kafka', () => connect(config, log), (each) => each.close());
  databaseMetrics(messaging.metrics, [database]);
  messaging.publish({ source: core.topic, positions: storedPositions(database) });
  const credentials = await startClient(parts, 'credentials-service', config.ATELIER_CREDENTIALS_URL, config.ATELIER_INTERNAL_TOKEN);
  const check = createRemoteCredentialCheck(credentials, systemClock);
  await follow(messaging.bus, 'atelier.credentials.events', [check]);
  return {
    imports: [FlowsModule.with({ core, internalToken: config.ATELIER_INTERNAL_TOKEN })],
    providers: [{ provide: CREDENTIAL_CHECK, useValue: check }],
    signs: { kafka: messaging.reach, 'credentials-service': credentials.reach },
    metrics: [messaging.metrics],
  };
};
