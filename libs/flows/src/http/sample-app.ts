import type { AccountSid, FlowSid, KeySid } from '@atelier/contracts';
import { type Database, silentLog } from '@atelier/platform';
import { CREDENTIAL_CHECK, type CredentialCheck, createHttpApp, listen } from '@atelier/rest-kit';
import { Module } from '@nestjs/common';
import { type FlowsCore, createFlowsCore } from '../flows-core';
import { FlowsModule } from '../flows.module';

/** Accounts of the samples; their secret is what follows the prefix. */
export const ACCOUNT: AccountSid = `AC${'a'.repeat(32)}`;
export const STRANGER: AccountSid = `AC${'b'.repeat(32)}`;
export const KEY: KeySid = `SK${'c'.repeat(32)}`;
/** No flow has this identifier. */
export const MISSING: FlowSid = `FW${'0'.repeat(32)}`;
export const INTERNAL = 'internal-token-of-the-sample-app-32';
export const secretOf = (user: string): string => user.slice(2);

const credentials: CredentialCheck = {
  check: async (user, secret) => {
    if (secret !== secretOf(user)) return undefined;
    if (user === ACCOUNT || user === STRANGER) return { accountSid: user, kind: 'auth-token', credentialSid: null };
    return user === KEY ? { accountSid: ACCOUNT, kind: 'standard-key', credentialSid: KEY } : undefined;
  },
};

export type SampleAnswer = { readonly status: number; readonly text: string; readonly body: Record<string, unknown> };

export type SampleApp = {
  readonly url: string;
  readonly core: FlowsCore;
  /** A request as it goes over the wire, by the account where the headers name nobody else. A text is sent as it is. */
  ask(method: string, path: string, form?: Record<string, string> | string, headers?: Record<string, string>): Promise<SampleAnswer>;
  close(): Promise<void>;
};

/** The flows service over a database, listening on a free port: for specs. */
export const startSampleApp = async (database: Database): Promise<SampleApp> => {
  const core = createFlowsCore(database);
  @Module({ imports: [FlowsModule.with({ core, internalToken: INTERNAL })], providers: [{ provide: CREDENTIAL_CHECK, useValue: credentials }] })
  class SampleApp {}
  const app = await createHttpApp(SampleApp, { region: 'us1', trustedProxies: [], bodyBytesMax: 4 * 1024 * 1024, log: silentLog });
  const url = await listen(app, { host: '127.0.0.1', port: 0 });
  return { url, core, ask: asking(url), close: () => app.close() };
};

export const basic = (user: string) => ({ authorization: `Basic ${Buffer.from(`${user}:${secretOf(user)}`).toString('base64')}` });

const asking =
  (url: string): SampleApp['ask'] =>
  async (method, path, form, headers = {}) => {
    const body = form === undefined || typeof form === 'string' ? form : new URLSearchParams(form).toString();
    const answer = await fetch(url + path, {
      method,
      headers: { ...basic(ACCOUNT), ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }), ...headers },
      ...(body !== undefined && { body }),
    });
    const text = await answer.text();
    return { status: answer.status, text, body: (text === '' ? undefined : JSON.parse(text)) as Record<string, unknown> }; // answers with a body are objects
  };

/** What the official client creates a draft with, and the same as a form. */
export const draft = (friendlyName = 'a flow', definition: unknown = sampleDefinition()) => ({ friendlyName, status: 'draft' as const, definition });
export const formOf = (definition: unknown, more: Record<string, string> = {}) => ({ FriendlyName: 'f', Status: 'draft', Definition: typeof definition === 'string' ? definition : JSON.stringify(definition), ...more });

/** A definition with a trigger and so many states that send a message. */
export const sampleDefinition = (messages = 1): { states: object[]; [key: string]: unknown } => ({
  description: 'A sample',
  states: [
    { name: 'Trigger', type: 'trigger', transitions: [{ event: 'incomingMessage', next: messages > 0 ? 'send_1' : undefined }], properties: { offset: { x: 0, y: 0 } } },
    ...Array.from({ length: messages }, (_, i) => ({
      name: `send_${i + 1}`,
      type: 'send-message',
      transitions: [{ event: 'sent', ...(i + 1 < messages && { next: `send_${i + 2}` }) }, { event: 'failed' }],
      properties: { offset: { x: 0, y: 0 }, from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', body: 'Hello' },
    })),
  ],
  initial_state: 'Trigger',
  flags: { allow_concurrent_calls: true },
});
