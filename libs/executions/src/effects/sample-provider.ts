import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AccountSid } from '@atelier/contracts';
import { type HttpCaller, createHttpCaller } from '@atelier/platform';
import { type ApiKey, type StudioKey, createMessagesApi } from '@atelier/twilio-client';
import type { HttpRequest } from '@atelier/widgets';
import type { EffectContext, EffectPerformer, RequestedEffect } from '../worker/effect-performer.port';
import { createEffects } from './effects';

export const ACCOUNT: AccountSid = `AC${'a'.repeat(32)}`;
export const EXECUTION = `FN${'1'.repeat(32)}` as const;
export const FLOW = `FW${'f'.repeat(32)}` as const;
export const STEP = `FT${'1'.repeat(28)}0002` as const;
/** With which requests of the account are signed. */
export const TOKEN = '12345';
export const FORM = 'application/x-www-form-urlencoded;charset=utf-8';
export const NOW = Date.parse('2026-01-31T12:00:00Z');
const PLAIN: HttpRequest = { method: 'GET', url: 'replaced', contentType: FORM, parameters: [], addTwilioAuth: false };

export type Seen = { readonly method: string; readonly path: string; readonly headers: IncomingMessage['headers']; readonly body: string };
export type SampleAnswer = (request: Seen, response: ServerResponse, raw: IncomingMessage) => void;

/** Everything that effects call, on this machine: the carrier, web services, and the authority of the account's key. For specs. */
export class SampleProvider {
  /** The requests that arrived, oldest first. */
  readonly seen: Seen[] = [];
  readonly store = keyStore();
  readonly origin: string;
  answer: SampleAnswer = json(200, { ok: true });
  private caller: HttpCaller = createHttpCaller({ privateNetworks: 'allowed', timeoutMs: 1_000 });

  private constructor(private readonly server: Server) {
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
    server.on('request', (raw: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      raw.on('data', (chunk: Buffer) => chunks.push(chunk));
      raw.on('end', () => {
        const request = { method: raw.method ?? '', path: raw.url ?? '', headers: raw.headers, body: Buffer.concat(chunks).toString() };
        this.seen.push(request);
        this.answer(request, response, raw);
      });
    });
  }

  static async start(): Promise<SampleProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new SampleProvider(server);
  }

  effects(isLookupConclusive = true, signing = { tokens: async () => [TOKEN, 'old'] }): ReturnType<typeof createEffects> {
    return createEffects({
      caller: this.caller,
      signing,
      keys: this.store.keys,
      messages: createMessagesApi(this.caller, { baseUrl: this.origin, isLookupConclusive }),
      publicUrl: () => 'https://studio.example.com',
      carrierOrigin: this.origin,
    });
  }

  perform(effect: RequestedEffect['effect'], performer: EffectPerformer = this.effects(), on = context()): ReturnType<EffectPerformer['perform']> {
    return performer.perform(requested(effect), on);
  }

  /** A request to here that differs from a plain one. */
  request(values: Partial<HttpRequest>): RequestedEffect['effect'] {
    return { kind: 'http.request', request: { ...PLAIN, url: `${this.origin}/hook`, ...values } };
  }

  /** From now on effects call out with these options. */
  async callWith(options: Parameters<typeof createHttpCaller>[0]): Promise<void> {
    await this.caller.close();
    this.caller = createHttpCaller(options);
  }

  /** Who connects from now on finds nobody. */
  stopListening(): void {
    this.server.close();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await this.caller.close();
  }
}

/** The authority of the account's key, as the port promises it: what was deleted is made anew, what exists is left alone. */
const keyStore = () => {
  let number = 1;
  let isDeleted = false;
  const secretOf = (n: number): ApiKey => ({ sid: `SK${n}`, secret: `secret-${n}` });
  const keys: StudioKey = {
    ensure: async () => secretOf(number),
    replaceRefused: async (_, refused) => {
      if (refused !== `SK${number}`) return secretOf(number);
      if (!isDeleted) return undefined;
      isDeleted = false;
      return secretOf(++number);
    },
  };
  return { keys, delete: () => void (isDeleted = true), made: () => number };
};

export const requested = (effect: RequestedEffect['effect']): RequestedEffect => ({ execution: EXECUTION, account: ACCOUNT, flow: FLOW, step: 2, stepSid: STEP, effect });
export const context = (values: Partial<EffectContext> = {}): EffectContext => ({ attemptedAtMs: NOW, nowMs: NOW, signal: new AbortController().signal, ...values });
export const authenticated = (key: string): string => `Basic ${Buffer.from(key).toString('base64')}`;
export const json = (status: number, body: unknown) => (_: Seen, response: ServerResponse): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** Refuses this key, and answers others so. */
export const refusing = (key: string, then: SampleAnswer): SampleAnswer => (request, response, raw) =>
  request.headers.authorization === authenticated(key) ? json(401, { code: 20003, message: 'Authenticate', status: 401 })(request, response) : then(request, response, raw);
