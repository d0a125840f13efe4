import type { DataFolder } from '@atelier/platform';
import type { ChildPlan } from './child';
import type { ContextUrls } from './databases';
import type { Secrets } from './installation';
import { type Build, SERVICES, type ServiceName, mainOf, schemaOf } from './services';

/** Everything that services of one installation are told; each gets what its schema names. */
export type Installation = {
  readonly folder: DataFolder;
  readonly secrets: Secrets;
  readonly databases: ContextUrls;
  readonly brokers: string;
  readonly publicUrl: string;
  readonly twilioBaseUrl: string | undefined;
  /** Settings that the operator gave, for every service that knows them. */
  readonly passed: Readonly<Record<string, string>>;
  /** The port of each service that others reach at a fixed place. */
  readonly ports: Readonly<Record<ServiceName, number>>;
};

/** How to start a service of a build: its entry point, its settings, its address. */
export const planOf = (installation: Installation, service: ServiceName, name: string, port: number, build: Build): ChildPlan => {
  const known = schemaOf(service).shape;
  const settings = { ...settingsOf(installation, service), ...installation.passed, ATELIER_HTTP_HOST: '127.0.0.1', ATELIER_HTTP_PORT: String(port), ATELIER_KAFKA_CLIENT_ID: name };
  const env = Object.fromEntries(Object.entries(settings).filter(([setting]) => setting in known));
  return { name, main: mainOf(service, build), env, readyUrl: `http://127.0.0.1:${port}/health/ready` };
};

const settingsOf = ({ folder, secrets, databases, brokers, publicUrl, twilioBaseUrl, ports }: Installation, service: ServiceName): Record<string, string> => ({
  ATELIER_DATABASE_URL: databases[SERVICES[service].context],
  ATELIER_KAFKA_BROKERS: brokers,
  ATELIER_INTERNAL_TOKEN: secrets.internalToken,
  ATELIER_MASTER_KEY_FILE: secrets.masterKeyFile,
  ATELIER_ACCOUNT_SID: folder.accountSid,
  ATELIER_AUTH_TOKEN: folder.authToken,
  ATELIER_PUBLIC_URL: publicUrl,
  ATELIER_TRUSTED_PROXIES: '127.0.0.1', // our proxy; it believes nobody itself unless it is told to
  ATELIER_CREDENTIALS_URL: siteOf(ports['credentials-service']),
  ATELIER_FLOWS_URL: siteOf(ports['flow-service']),
  ATELIER_TWILIO_BASE_URL: twilioBaseUrl ?? siteOf(ports.carrier),
  ATELIER_TWILIO_LOOKUP: twilioBaseUrl === undefined ? 'conclusive' : 'inconclusive',
});

const siteOf = (port: number): string => `http://127.0.0.1:${port}`;
