import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AccountSid } from '@atelier/contracts';
import { type Database, type HttpCaller, createHttpCaller, silentLog } from '@atelier/platform';
import { CREDENTIAL_CHECK, type CredentialCheck, createHttpApp, listen, parseForm } from '@atelier/rest-kit';
import { Module } from '@nestjs/common';
import { Carrier } from './carrier';
import { CarrierModule } from './carrier.module';

export const ACCOUNT: AccountSid = `AC${'a'.repeat(32)}`;
export const STRANGER: AccountSid = `AC${'b'.repeat(32)}`;
/** Auth tokens of both accounts; only the first of ACCOUNT signs. */
export const TOKEN = '12345';

const credentials: CredentialCheck = {
  check: async (user, secret) => (secret === TOKEN && (user === ACCOUNT || user === STRANGER) ? { accountSid: user, kind: 'auth-token', credentialSid: null } : undefined),
};

/** A request that reached the receiver. `url` is what its signature covers. */
export type Heard = {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: Readonly<Record<string, string | string[]>>;
};

/** What the receiver says; `hangUp` breaks the connection, `never` leaves it open. */
export type Said = { readonly status?: number; readonly type?: string; readonly body?: string; readonly hangUp?: boolean; readonly never?: boolean };

/** Somebody's server of webhooks: for specs. It keeps what it hears. */
export class Receiver {
  readonly heard: Heard[] = [];
  say: (heard: Heard) => Said = () => ({});
  origin = '';
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        const heard = { method, url: this.origin + path, path, headers, form: parseForm(Buffer.concat(chunks)) };
        this.heard.push(heard);
        const { status = 200, type = 'text/xml', body = '', hangUp, never } = this.say(heard);
        if (hangUp) return void response.destroy();
        if (!never) response.writeHead(status, { 'content-type': type }).end(body);
      });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`; // of a listening TCP server
    return this;
  }

  /** The statuses that it was told of a message, in their order. */
  statusesOf(messageSid: unknown): unknown[] {
    return this.heard.filter(({ form }) => form['MessageSid'] === messageSid && form['MessageStatus'] !== undefined).map(({ form }) => form['MessageStatus']);
  }

  /** Forgets what it heard. */
  empty(): void {
    this.heard.length = 0;
    this.say = () => ({});
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export type Answer = { readonly status: number; readonly body: Record<string, unknown> };

/** A carrier over a database that was opened with CARRIER_DATABASE, listening on a free port: for specs. */
export class SampleCarrier {
  url = '';

  private constructor(
    readonly carrier: Carrier,
    private readonly caller: HttpCaller,
    private readonly app: { close(): Promise<void> },
  ) {}

  /** The receiver stands for the installation's own origin: the only private one that webhooks may reach. */
  static async start(db: Database, receiver: Receiver, { timeoutMs = 5_000, storeMsMax }: { timeoutMs?: number; storeMsMax?: number } = {}): Promise<SampleCarrier> {
    const caller = createHttpCaller({ privateNetworks: 'refused', timeoutMs });
    const signingToken = { tokens: async (account: AccountSid) => (account === ACCOUNT ? [TOKEN, 'secondary'] : []) };
    const carrier = new Carrier(db, { caller, signingToken, trustedOrigin: () => receiver.origin, storeMsMax, log: silentLog });
    @Module({ imports: [CarrierModule.with({ carrier })], providers: [{ provide: CREDENTIAL_CHECK, useValue: credentials }] })
    class Root {}
    const app = await createHttpApp(Root, { region: 'us1', trustedProxies: [], bodyBytesMax: 4 * 1024 * 1024, log: silentLog });
    const sample = new SampleCarrier(carrier, caller, app);
    sample.url = await listen(app, { host: '127.0.0.1', port: 0 });
    await carrier.start();
    return sample;
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.caller.close();
  }

  /** One request as form, by an account. */
  async ask(method: string, path: string, form?: Readonly<Record<string, string>> | string, user: string = ACCOUNT): Promise<Answer> {
    const headers = { authorization: `Basic ${Buffer.from(`${user}:${TOKEN}`).toString('base64')}`, ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) };
    const answer = await fetch(this.url + path, { method, headers, ...(form && { body: typeof form === 'string' ? form : new URLSearchParams(form).toString() }) });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
  }
}
