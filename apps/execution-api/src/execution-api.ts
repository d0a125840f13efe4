import { type Connect, connectKafka, follow } from '@atelier/bus';
import {
  ExecutionsConsumersModule, ExecutionsModule, LateDeletions, Triggers, createExecutionDoors, executionRules, executionsHttpSettingsOf, flowsServer, inboxSettingsOf, retentionDaysOf,
  lateDeletionsServer, openExecutionsDatabase, triggersServer,
} from '@atelier/executions';
import { type Log, type Parts, type Say, databaseMetrics, systemClock } from '@atelier/platform';
import {
  CREDENTIAL_CHECK, type RunningService, type ServiceDefinition, createRemoteCredentialCheck, createRemoteFlowDirectory, startClient, startService,
} from '@atelier/rest-kit';
import { createRemoteSigningToken } from '@atelier/twilio-client';
import type { ExecutionApiConfig } from './config';

/** The door of executions: webhooks, REST, and what comes over topics. It writes the inbox; workers decide. Any number may run. */
export const startExecutionApi = (config: ExecutionApiConfig, say: Say, connect: Connect = connectKafka): Promise<RunningService> =>
  startService('execution-api', config, say, (parts, log) => compose(config, parts, log, connect));

const compose = async (config: ExecutionApiConfig, parts: Parts, log: Log, connect: Connect): Promise<ServiceDefinition> => {
  const database = await parts.start('executions', () => openExecutionsDatabase(config.ATELIER_DATABASE_URL), (each) => each.close());
  const settings = { folding: executionRules(config), settings: inboxSettingsOf(config), retentionDays: retentionDaysOf(config) };
  const doors = await parts.start('doors', async () => createExecutionDoors(database, settings), (each) => each.close());
  const messaging = await parts.start('Kafka', () => connect(config, log), (each) => each.close());
  databaseMetrics(messaging.metrics, [database]);
  const credentials = await startClient(parts, 'credentials-service', config.ATELIER_CREDENTIALS_URL, config.ATELIER_INTERNAL_TOKEN);
  const flows = await startClient(parts, 'flow-service', config.ATELIER_FLOWS_URL, config.ATELIER_INTERNAL_TOKEN);
  const check = createRemoteCredentialCheck(credentials, systemClock);
  const signing = createRemoteSigningToken(credentials, systemClock);
  const directory = createRemoteFlowDirectory(flows, systemClock);
  await follow(messaging.bus, 'atelier.credentials.events', [check, signing]);
  await follow(messaging.bus, 'atelier.flows.events', [directory]);
  const http = { ...doors, flows: directory, signing, settings: executionsHttpSettingsOf(config), clock: systemClock };
  const { deletions } = doors;
  const late = new LateDeletions(database, deletions);
  const triggers = new Triggers(database, doors.results, http, log);
  return {
    imports: [ExecutionsModule.with(http), ExecutionsConsumersModule.with({ deletions, late, triggers })],
    providers: [{ provide: CREDENTIAL_CHECK, useValue: check }],
    transports: [flowsServer(messaging.bus, deletions), lateDeletionsServer(messaging.bus, late), triggersServer(messaging.bus, triggers)],
    needs: { executions: () => database.query('select 1') },
    signs: { kafka: messaging.reach, 'credentials-service': credentials.reach, 'flow-service': flows.reach },
    metrics: [messaging.metrics],
  };
};
