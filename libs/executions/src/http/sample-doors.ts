import type { AccountSid, FlowDirectory, FlowSid } from '@atelier/contracts';
import { MemoryTopic } from '@atelier/bus';
import { type Database, silentLog, systemClock } from '@atelier/platform';
import { CREDENTIAL_CHECK, type CredentialCheck, createHttpApp, listen } from '@atelier/rest-kit';
import { Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { ExecutionsModule } from '../executions.module';
import { FlowDeletions } from '../flows/flow-deletions.consumer';
import { createIngress } from '../ingress/ingress';
import type { Ingress } from '../ingress/ingress.port';
import { ParkedInputs } from '../operations/parked-inputs';
import { TriggerResults } from '../publish/trigger-results';
import type { ExecutionReader } from '../store/execution-reader.port';
import type { ExecutionsHttpSettings } from './executions-http';

export const ACCOUNT: AccountSid = `AC${'a'.repeat(32)}`;
export const STRANGER: AccountSid = `AC${'b'.repeat(32)}`;
export const TOKEN = '12345';
export const OPERATOR = 'an-internal-token-of-32-characters';
export const FLOW: FlowSid = `FW${'1'.repeat(32)}`;
export const DRAFT: FlowSid = `FW${'2'.repeat(32)}`;
/** A flow that can answer with TwiML. */
export const REDIRECTING: FlowSid = `FW${'3'.repeat(32)}`;
export const OTHER: FlowSid = `FW${'4'.repeat(32)}`;
export const MISSING: FlowSid = `FW${'9'.repeat(32)}`;
/** The test user of every flow. */
export const TESTER = '+15559990000';

const trigger = (next?: string) => ({ name: 'Trigger', type: 'trigger', transitions: [{ event: 'incomingMessage', next }], properties: {} });
const away = { name: 'away', type: 'add-twiml-redirect', transitions: [], properties: { url: 'https://example.com/' } };

const flows: FlowDirectory = {
  choose: async (account, flow, contact) => {
    if (account !== ACCOUNT || ![FLOW, DRAFT, REDIRECTING, OTHER].includes(flow)) return { kind: 'no-flow' };
    if (flow === DRAFT && contact !== TESTER) return { kind: 'not-published' };
    return { kind: 'found', revision: 3, isTestUser: contact === TESTER };
  },
  resolve: async () => undefined,
  definition: async (_, flow) => JSON.stringify({ states: flow === REDIRECTING ? [trigger('away'), away] : [trigger()], initial_state: 'Trigger' }),
};

const credentials: CredentialCheck = {
  check: async (user, secret) => (secret === TOKEN && (user === ACCOUNT || user === STRANGER) ? { accountSid: user, kind: 'auth-token', credentialSid: null } : undefined),
};

/** Nothing was ever executed: no worker runs here. Specs put in its place what they need to read. */
export const emptyReader: ExecutionReader = {
  fetch: async () => undefined,
  list: async () => [],
  context: async () => undefined,
  steps: async () => undefined,
  step: async () => undefined,
  stepContext: async () => undefined,
  twiml: async () => undefined,
  active: async () => undefined,
};

export type Answer = { readonly status: number; readonly type: string | null; readonly retryAfter: string | null; readonly text: string };

/** The doors over a real inbox, listening on free ports: for specs. */
export class SampleDoors {
  readonly topic = new MemoryTopic('atelier.executions.events', 'executions', 2);
  reader: ExecutionReader = emptyReader;
  url = '';
  private readonly apps: { close(): Promise<void> }[] = [];

  private constructor(
    readonly db: Database,
    readonly ingress: Ingress,
  ) {}

  /** Over a database that was opened with EXECUTIONS_MIGRATIONS; `close` closes it. */
  static async start(db: Database): Promise<SampleDoors> {
    const doors = new SampleDoors(db, createIngress(db));
    doors.url = await doors.open();
    return doors;
  }

  /** One more application over the same inbox; its URL. */
  async open(settings: Partial<ExecutionsHttpSettings> = {}): Promise<string> {
    // Asked at each call, so that a spec may change what there is to read.
    const reader = new Proxy(emptyReader, { get: (_, name) => this.reader[name as keyof ExecutionReader] }); // a reader has no other members
    const http = {
      ingress: this.ingress,
      reader,
      flows,
      topics: [this.topic],
      clock: systemClock,
      signing: { tokens: async (account: AccountSid) => (account === ACCOUNT ? ['new-token', TOKEN] : []) },
      ...operationsOf(this.db, this.ingress, reader),
      settings: { signatureCheck: 'on', restPerSecondMax: 0, inboundPerSecondMax: 0, contactBytesMax: 300, ...settings } as const,
    };
    @Module({ imports: [ExecutionsModule.with(http)], providers: [{ provide: CREDENTIAL_CHECK, useValue: credentials }] })
    class Doors {}
    const app = await createHttpApp(Doors, { region: 'us1', trustedProxies: [], bodyBytesMax: 4 * 1024 * 1024, log: silentLog, internalToken: OPERATOR });
    this.apps.push(app);
    return listen(app, { host: '127.0.0.1', port: 0 });
  }

  async empty(): Promise<void> {
    this.reader = emptyReader;
    await this.db.query('truncate claim, seen, command, batch');
  }

  async close(): Promise<void> {
    for (const app of this.apps) await app.close();
    await this.ingress.close();
    await this.db.close();
  }

  async send(method: string, path: string, headers: Record<string, string>, body?: string, base = this.url): Promise<Answer> {
    const answer = await fetch(base + path, { method, headers, ...(body !== undefined && { body }) });
    return { status: answer.status, type: answer.headers.get('content-type'), retryAfter: answer.headers.get('retry-after'), text: await answer.text() };
  }

  async rest(method: string, path: string, form?: Record<string, string>, user: string = ACCOUNT, base = this.url): Promise<Answer & { readonly body: Record<string, unknown> }> {
    const headers = { ...basic(user), ...(form && { 'content-type': FORM }) };
    const answer = await this.send(method, path, headers, form && new URLSearchParams(form).toString(), base);
    return { ...answer, body: (answer.text === '' ? {} : JSON.parse(answer.text)) as Record<string, unknown> };
  }

  /** The inbox, in order within each shard. */
  async commands(): Promise<Record<string, unknown>[]> {
    const rows = await this.db.query<{ body: string }>('select body from command order by shard, pos');
    return rows.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  }
}

const operationsOf = (db: Database, ingress: Ingress, reader: ExecutionReader) => ({
  db, parked: new ParkedInputs(db), results: new TriggerResults(db), deletions: new FlowDeletions(db, ingress, reader), metrics: new Registry(),
});

export const FORM = 'application/x-www-form-urlencoded';
export const basic = (user: string) => ({ authorization: `Basic ${Buffer.from(`${user}:${TOKEN}`).toString('base64')}` });
