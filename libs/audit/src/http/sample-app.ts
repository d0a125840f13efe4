import { type MemoryTopic, createEmbeddedBus } from '@atelier/bus';
import { type Database, silentLog } from '@atelier/platform';
import { CREDENTIAL_CHECK, type CredentialCheck, createHttpApp, listen } from '@atelier/rest-kit';
import { Module } from '@nestjs/common';
import { AuditStore } from '../audit-store';
import { consumeAudited } from '../audit.consumer';
import { AuditModule } from '../audit.module';
import { AC, topicOf } from '../events.example';

/** The secret of every account of the samples, and of their operator. */
export const TOKEN = '0'.repeat(32);
const OPERATOR = 'an-internal-token-of-32-characters';

export const basic = (sid: string): string => `Basic ${Buffer.from(`${sid}:${TOKEN}`).toString('base64')}`;
export const bearer = `Bearer ${OPERATOR}`;

export type SampleApp = {
  readonly url: string;
  /** The log of flows that is audited. */
  readonly flows: MemoryTopic;
  /** A request, by the first account where nobody else is named. */
  ask(method: string, path: string, authorization?: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  close(): Promise<void>;
};

const accounts: CredentialCheck = {
  check: async (user, secret) => (secret === TOKEN && user.startsWith('AC') ? { accountSid: user as `AC${string}`, kind: 'auth-token', credentialSid: null } : undefined),
};

/** The audit service over a database and two logs, listening on a free port: for specs. `close` closes the database. */
export const startSampleApp = async (database: Database): Promise<SampleApp> => {
  const store = new AuditStore(database);
  const flows = topicOf();
  const bus = createEmbeddedBus([flows, topicOf('atelier.credentials.events', 'credentials')], silentLog);
  await consumeAudited(bus, store);
  @Module({ imports: [AuditModule.with({ store })], providers: [{ provide: CREDENTIAL_CHECK, useValue: accounts }] })
  class Root {}
  const app = await createHttpApp(Root, { region: 'us1', trustedProxies: [], bodyBytesMax: 1_000, log: silentLog, internalToken: OPERATOR, metricsNetworks: ['127.0.0.1'] });
  const url = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    url,
    flows,
    ask: async (method, path, authorization = basic(AC)) => {
      const answer = await fetch(url + path, { method, headers: { authorization } });
      const text = await answer.text();
      return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }; // answers are objects
    },
    close: async () => {
      await app.close();
      await bus.close();
      await database.close();
    },
  };
};
