import { inspect } from 'node:util';
import type { AccountSid, PublicEvent } from '@atelier/contracts';
import { type Database, type Log, silentLog } from '@atelier/platform';
import { createHttpApp, listen, unguardedRoutes } from '@atelier/rest-kit';
import { Module } from '@nestjs/common';
import { type CredentialsCore, type CredentialsOptions, createCredentialsCore } from '../credentials-core';
import { CredentialsModule } from '../credentials.module';

/** The first account of the samples, and the key that wraps its secrets. */
export const ACCOUNT: AccountSid = `AC${'a'.repeat(32)}`;
export const TOKEN = '0123456789abcdef'.repeat(2);
export const MASTER_KEY = Buffer.alloc(32, 7);
export const INTERNAL = 'internal-token-of-the-sample-app-32';

export type SampleAnswer = { readonly status: number; readonly text: string; readonly body: Record<string, unknown> };

export type SampleApp = {
  readonly url: string;
  readonly core: CredentialsCore;
  /** A request as it goes over the wire, with the first account's token where no other is named. */
  ask(method: string, path: string, body?: object, options?: { readonly auth?: string; readonly type?: string }): Promise<SampleAnswer>;
  /** What was published while this work was done. */
  events(work: () => Promise<unknown>): Promise<readonly PublicEvent[]>;
  /** Every line that was logged, with its errors. */
  logged(): string;
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
  const lines: string[] = [];
  @Module({ imports: [CredentialsModule.with({ core, internalToken: INTERNAL })] })
  class Root {}
  const app = await createHttpApp(Root, { region: 'us1', trustedProxies: [], bodyBytesMax: 1024 * 1024, log: recording(lines) });
  const url = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    url,
    core,
    ask: asking(url),
    events: async (work) => {
      const before = await core.topic.end(0);
      await work();
      return core.topic.read(0, before, 1_000);
    },
    logged: () => lines.join('\n'),
    unguarded: () => unguardedRoutes(app),
    close: async () => {
      await app.close();
      await core.close();
    },
  };
};

const recording = (lines: string[]): Log => ({ ...silentLog, error: (fields, message) => void lines.push(inspect({ message, fields }, { depth: 9 })) });

const FORM = 'application/x-www-form-urlencoded';

const asking =
  (url: string): SampleApp['ask'] =>
  async (method, path, body, { auth = `${ACCOUNT}:${TOKEN}`, type = FORM } = {}) => {
    const sent = body && (type === FORM ? new URLSearchParams(Object.entries(body)).toString() : JSON.stringify(body));
    const headers = { authorization: `Basic ${Buffer.from(auth).toString('base64')}`, ...(sent !== undefined && { 'content-type': type }) };
    const answer = await fetch(url + path, { method, headers, ...(sent !== undefined && { body: sent }) });
    const text = await answer.text();
    return { status: answer.status, text, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }; // answers are objects
  };
