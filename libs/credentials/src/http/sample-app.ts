import type { AccountSid, PublicEvent } from '@atelier/contracts';
import { type Database, silentLog } from '@atelier/platform';
import { createHttpApp, listen, unguardedRoutes } from '@atelier/rest-kit';
import { Module } from '@nestjs/common';
import { type CredentialsCore, type CredentialsOptions, createCredentialsCore } from '../credentials-core';
import { CredentialsModule } from '../credentials.module';

/** The first account of the samples, and the key that wraps its secrets. */
export const ACCOUNT: AccountSid = `AC${'a'.repeat(32)}`;
export const TOKEN = '0123456789abcdef'.repeat(2);
export const MASTER_KEY = Buffer.alloc(32, 7);
export const INTERNAL = 'internal-token-of-the-sample-app-32';

export type SampleApp = {
  readonly url: string;
  readonly core: CredentialsCore;
  /** What was published while this work was done. */
  events(work: () => Promise<unknown>): Promise<readonly PublicEvent[]>;
  unguarded(): ReturnType<typeof unguardedRoutes>;
  close(): Promise<void>;
};

/** A core of its own over a database, as each process and thread has one. */
export const sampleCore = (database: Database, options: Partial<CredentialsOptions> = {}): Promise<CredentialsCore> =>
  createCredentialsCore(database, { masterKey: MASTER_KEY, region: 'us1', ...options });

/** The credentials service over a database, listening on a free port: for specs. */
export const startSampleApp = async (database: Database): Promise<SampleApp> => {
  const core = await sampleCore(database);
  await core.seed({ accountSid: ACCOUNT, authToken: TOKEN });
  @Module({ imports: [CredentialsModule.with({ core, internalToken: INTERNAL })] })
  class Root {}
  const app = await createHttpApp(Root, { region: 'us1', trustedProxies: [], bodyBytesMax: 1024 * 1024, log: silentLog });
  const url = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    url,
    core,
    events: async (work) => {
      const before = await core.topic.end(0);
      await work();
      return core.topic.read(0, before, 1_000);
    },
    unguarded: () => unguardedRoutes(app),
    close: async () => {
      await app.close();
      await core.close();
    },
  };
};
