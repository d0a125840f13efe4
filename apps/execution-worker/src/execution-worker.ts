import { type Connect, connectKafka, follow } from '@atelier/bus';
import { type EffectPerformer, Growth, createEffects, createExecutionWorker, executionRules, openExecutionsDatabase, ownedTopics, workerSettingsOf } from '@atelier/executions';
import { type InternalClient, type Log, type Parts, type Say, createHttpCaller, databaseMetrics, httpCallerOptionsOf, systemClock } from '@atelier/platform';
import {
  CREDENTIAL_CHECK, type RunningService, type ServiceDefinition, createRemoteCredentialCheck, createRemoteFlowDirectory, startClient, startService,
} from '@atelier/rest-kit';
import { type SigningToken, type StudioKey, createMessagesApi, createRemoteSigningToken, createRemoteStudioKey } from '@atelier/twilio-client';
import type { ExecutionWorkerConfig } from './config';

/** The engine, effects, timers, and the publisher of executions. Any number may run: they share the shards by leases. HTTP tells health and figures. */
export const startExecutionWorker = (config: ExecutionWorkerConfig, say: Say, connect: Connect = connectKafka): Promise<RunningService> =>
  startService('execution-worker', config, say, (parts, log) => compose(config, parts, log, connect));

const compose = async (config: ExecutionWorkerConfig, parts: Parts, log: Log, connect: Connect): Promise<ServiceDefinition> => {
  const db = await parts.start('executions', () => openExecutionsDatabase(config.ATELIER_DATABASE_URL), (each) => each.close());
  const messaging = await parts.start('Kafka', () => connect(config, log), (each) => each.close());
  databaseMetrics(messaging.metrics, [db]);
  const credentials = await startClient(parts, 'credentials-service', config.ATELIER_CREDENTIALS_URL, config.ATELIER_INTERNAL_TOKEN);
  const flows = await startClient(parts, 'flow-service', config.ATELIER_FLOWS_URL, config.ATELIER_INTERNAL_TOKEN);
  const { check, studioKey, signing, directory } = remotePorts(credentials, flows);
  await follow(messaging.bus, 'atelier.credentials.events', [check, studioKey, signing]);
  await follow(messaging.bus, 'atelier.flows.events', [directory]);
  const performer = await startEffects(config, studioKey, signing, parts, log);
  const growth = new Growth();
  const worker = createExecutionWorker({ db, directory, performer, studioKey, rules: executionRules(config), log, growth, settings: workerSettingsOf(config) });
  const owned = await parts.start('topics', () => ownedTopics(db, worker, growth), (each) => each.close());
  for (const publication of owned.publications) messaging.publish(publication);
  await parts.start('worker', () => worker.start(), () => worker.stop());
  return {
    imports: [],
    providers: [{ provide: CREDENTIAL_CHECK, useValue: check }],
    needs: { executions: () => db.query('select 1') },
    signs: { kafka: messaging.reach, 'credentials-service': credentials.reach, 'flow-service': flows.reach },
    metrics: [messaging.metrics, worker.metrics.registry],
  };
};

const remotePorts = (credentials: InternalClient, flows: InternalClient) => ({
  check: createRemoteCredentialCheck(credentials, systemClock),
  studioKey: createRemoteStudioKey(credentials, systemClock),
  signing: createRemoteSigningToken(credentials, systemClock),
  directory: createRemoteFlowDirectory(flows, systemClock),
});

const startEffects = async (config: ExecutionWorkerConfig, keys: StudioKey, signing: SigningToken, parts: Parts, log: Log): Promise<EffectPerformer> => {
  const caller = await parts.start('caller', async () => createHttpCaller(httpCallerOptionsOf(config)), (each) => each.close());
  const carrier = { baseUrl: config.ATELIER_TWILIO_BASE_URL.replace(/\/+$/, ''), isLookupConclusive: config.ATELIER_TWILIO_LOOKUP === 'conclusive' };
  const publicUrl = config.ATELIER_PUBLIC_URL.replace(/\/+$/, '');
  return createEffects({ messages: createMessagesApi(caller, carrier), keys, signing, caller, carrierOrigin: new URL(carrier.baseUrl).origin, publicUrl: () => publicUrl, log });
};
