import { type Connect, connectKafka, follow } from '@atelier/bus';
import { CARRIER_DATABASE, Carrier, CarrierModule } from '@atelier/carrier';
import { type Log, type Parts, type Say, createHttpCaller, databaseMetrics, openDatabase, systemClock } from '@atelier/platform';
import { CREDENTIAL_CHECK, type RunningService, type ServiceDefinition, createRemoteCredentialCheck, startClient, startService } from '@atelier/rest-kit';
import { createRemoteSigningToken } from '@atelier/twilio-client';
import type { CarrierConfig } from './config';

const WEBHOOK_MS = 15_000; // Twilio's read timeout

/** The local carrier with its simulated phones, for development, demos and tests. */
export const startCarrier = (config: CarrierConfig, say: Say, connect: Connect = connectKafka): Promise<RunningService> =>
  startService('carrier', config, say, (parts, log) => compose(config, parts, log, connect));

const compose = async (config: CarrierConfig, parts: Parts, log: Log, connect: Connect): Promise<ServiceDefinition> => {
  const database = await parts.start('carrier', () => openDatabase({ url: config.ATELIER_DATABASE_URL, ...CARRIER_DATABASE }), (each) => each.close());
  const messaging = await parts.start('Kafka', () => connect(config, log), (each) => each.close());
  databaseMetrics(messaging.metrics, [database]);
  const credentials = await startClient(parts, 'credentials-service', config.ATELIER_CREDENTIALS_URL, config.ATELIER_INTERNAL_TOKEN);
  const check = createRemoteCredentialCheck(credentials, systemClock);
  const signingToken = createRemoteSigningToken(credentials, systemClock);
  await follow(messaging.bus, 'atelier.credentials.events', [check, signingToken]);
  const privateNetworks = config.ATELIER_OUTBOUND_PRIVATE_NETWORKS;
  const caller = await parts.start('carrier calls', async () => createHttpCaller({ privateNetworks, timeoutMs: WEBHOOK_MS }), (each) => each.close());
  const own = config.ATELIER_PUBLIC_URL && new URL(config.ATELIER_PUBLIC_URL).origin;
  const inside = config.ATELIER_PUBLIC_URL_INSIDE && new URL(config.ATELIER_PUBLIC_URL_INSIDE).origin;
  const carrier = new Carrier(database, { caller, signingToken, trustedOrigin: () => own, reachedAt: inside, log });
  return {
    imports: [CarrierModule.with({ carrier })],
    providers: [{ provide: CREDENTIAL_CHECK, useValue: check }],
    needs: { carrier: () => database.query('select 1') },
    signs: { 'credentials-service': credentials.reach },
    metrics: [messaging.metrics],
    listening: () => carrier.start(),
  };
};
