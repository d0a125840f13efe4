import type { IncomingHttpHeaders } from 'node:http';
import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { z } from 'zod';
import { oneOf, wholeNumber } from './config';
import { type Hop, bodyText, firstHop, isRedirect, nextHop } from './http-hops';
import { RefusedAddress, type Resolver, addressOfHost, guardedLookup, isPublicAddress, systemResolver } from './network-guard';

/** One outbound call. Credentials in the URL become a Basic header; they and `headers` go no further than the first origin. */
export type OutboundRequest = {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `answer`: a 3xx is the answer. Left out: followed, five at the most. */
  readonly redirects?: 'follow' | 'answer';
  /** One origin that the operator chose and that may lie in a private network, such as the configured carrier. */
  readonly trustedOrigin?: string;
  /** Gives the call up: it ends as a network failure at once. */
  readonly signal?: AbortSignal;
};

/** An answer of whatever status; header names in lower case, the body decoded by its character set. */
export type OutboundAnswer = {
  readonly kind: 'answer';
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** No answer. `wasSent`: the peer may have seen the request, so nobody can say whether it acted. */
export type OutboundFailure = {
  readonly kind: 'failure';
  readonly reason: 'invalid-url' | 'refused-address' | 'timeout' | 'too-large' | 'bad-redirect' | 'network';
  readonly wasSent: boolean;
  readonly message: string;
};

export type OutboundResult = OutboundAnswer | OutboundFailure;

/** Calls that flows and effects make. Never throws for what the world does, never repeats a request by itself. */
export interface HttpCaller {
  call(request: OutboundRequest): Promise<OutboundResult>;
  close(): Promise<void>;
}

/** Settings of outbound calls. */
export const httpCallerConfig = z.object({
  ATELIER_OUTBOUND_PRIVATE_NETWORKS: oneOf(['refused', 'allowed'], 'Whether HTTP widgets, and webhooks of the local carrier, reach loopback, link-local and private addresses.'),
  ATELIER_OUTBOUND_TIMEOUT_MS: wholeNumber(10_000, 'One outbound HTTP call, from the connection to the last byte, redirects included.', 1),
  ATELIER_OUTBOUND_RESPONSE_BYTES_MAX: wholeNumber(65_536, 'Largest answer of an outbound HTTP call; a longer one is cut off and fails.', 1),
});

export type HttpCallerOptions = {
  readonly privateNetworks: 'refused' | 'allowed';
  readonly timeoutMs?: number;
  readonly responseBytesMax?: number;
  readonly resolve?: Resolver;
};

/** Settings → options. */
export const httpCallerOptionsOf = (config: z.infer<typeof httpCallerConfig>): HttpCallerOptions => ({
  privateNetworks: config.ATELIER_OUTBOUND_PRIVATE_NETWORKS,
  timeoutMs: config.ATELIER_OUTBOUND_TIMEOUT_MS,
  responseBytesMax: config.ATELIER_OUTBOUND_RESPONSE_BYTES_MAX,
});

const TIMEOUT_MS = 10_000; // Studio's, for HTTP requests and Functions
const RESPONSE_BYTES_MAX = 65_536; // Studio's 64 kB
const REDIRECTS_MAX = 5; // Unspecified by Twilio
const CONNECTIONS_PER_ORIGIN_MAX = 100; // more wait their turn within their own time limit
const IDLE_MS = 4_000; // shorter than the 5 s after which many servers close

/** The caller over undici. Every connection's address is checked where it is resolved, those of redirects included. */
export const createHttpCaller = (options: HttpCallerOptions): HttpCaller => {
  const { privateNetworks, timeoutMs = TIMEOUT_MS, responseBytesMax = RESPONSE_BYTES_MAX, resolve = systemResolver } = options;
  const agentWith = (lookup: LookupFunction) =>
    new Agent({ connect: { lookup, timeout: timeoutMs }, connections: CONNECTIONS_PER_ORIGIN_MAX, keepAliveTimeout: IDLE_MS, keepAliveMaxTimeout: IDLE_MS });
  const open = agentWith(guardedLookup(resolve, () => true));
  const guarded = privateNetworks === 'allowed' ? open : agentWith(guardedLookup(resolve, isPublicAddress));

  const exchange = (hop: Hop, request: OutboundRequest, remainingMs: number): Promise<OutboundResult> => {
    const isGuarded = guarded !== open && hop.url.origin !== request.trustedOrigin;
    const address = addressOfHost(hop.url.hostname); // sockets do not look up what is an address already
    if (isGuarded && address !== undefined && !isPublicAddress(address)) return Promise.resolve(failed('refused-address', false, new RefusedAddress(address).message));
    return new Promise((settle) => new Exchange(settle, remainingMs, responseBytesMax, request).start(isGuarded ? guarded : open, hop));
  };

  const call = async (request: OutboundRequest): Promise<OutboundResult> => {
    const endMs = performance.now() + timeoutMs;
    let hop = firstHop(request);
    if (!hop) return failed('invalid-url', false, 'The URL is not an http or https URL');
    for (let redirects = 0; ; redirects++) {
      const result = await exchange(hop, request, Math.max(1, endMs - performance.now()));
      if (result.kind === 'failure') return redirects > 0 ? { ...result, wasSent: true } : result;
      if (request.redirects === 'answer' || !isRedirect(result)) return result;
      hop = redirects < REDIRECTS_MAX ? nextHop(hop, result) : undefined;
      if (!hop) return failed('bad-redirect', true, `Redirected more than ${REDIRECTS_MAX} times, or to what is not a URL`);
    }
  };

  return { call, close: async () => void (await Promise.all([...new Set([open, guarded])].map((agent) => agent.destroy()))) };
};

const failed = (reason: OutboundFailure['reason'], wasSent: boolean, message: string): OutboundFailure => ({ kind: 'failure', reason, wasSent, message });

/** One request and its answer, within its time and size. The first of answer, error and deadline settles it; what comes later is cut off. */
class Exchange implements Dispatcher.DispatchHandler {
  private wasSent = false;
  private isSettled = false;
  private status = 0;
  private headers: Record<string, string> = {};
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private controller: Dispatcher.DispatchController | undefined;
  private readonly deadline: NodeJS.Timeout;

  constructor(
    private readonly settle: (result: OutboundResult) => void,
    remainingMs: number,
    private readonly bytesMax: number,
    private readonly request: OutboundRequest,
  ) {
    this.deadline = setTimeout(() => this.cut(failed('timeout', this.wasSent, 'No complete answer in time')), remainingMs);
    request.signal?.addEventListener('abort', this.giveUp);
  }

  start(agent: Agent, { url, method, headers, body }: Hop): void {
    if (this.request.signal?.aborted) return this.giveUp();
    try {
      agent.dispatch({ origin: url.origin, path: url.pathname + url.search, method, headers, body: body ?? null, headersTimeout: 0, bodyTimeout: 0 }, this);
    } catch (error) {
      this.onResponseError(undefined, error as Error); // undici throws Errors only
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.isSettled) return controller.abort(new Error('The time was over before the connection stood'));
    this.wasSent = true;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return; // an interim answer
    this.status = status;
    this.headers = flat(headers);
    if (this.request.redirects !== 'answer' && isRedirect({ status, headers: this.headers })) return this.cut(this.answer()); // nobody reads its body
    if (Number(this.headers['content-length'] ?? 0) > this.bytesMax) this.tooLarge();
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isSettled) return;
    this.bytes += chunk.length;
    if (this.bytes > this.bytesMax) return this.tooLarge();
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.finish(this.answer());
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    this.finish(failed(error instanceof RefusedAddress ? 'refused-address' : 'network', this.wasSent, messageOf(error)));
  }

  private answer(): OutboundAnswer {
    const contentType = this.headers['content-type'] ?? '';
    return { kind: 'answer', status: this.status, contentType, headers: this.headers, body: bodyText(Buffer.concat(this.chunks), contentType) };
  }

  private tooLarge(): void {
    this.cut(failed('too-large', true, `The answer is longer than ${this.bytesMax} bytes`));
  }

  private readonly giveUp = (): void => this.cut(failed('network', this.wasSent, 'Given up'));

  private cut(result: OutboundResult): void {
    this.finish(result);
    this.controller?.abort(new Error('cut off'));
  }

  private finish(result: OutboundResult): void {
    if (this.isSettled) return;
    this.isSettled = true;
    clearTimeout(this.deadline);
    this.request.signal?.removeEventListener('abort', this.giveUp);
    this.settle(result);
  }
}

const flat = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), [value].flat().join(', ')]])));

// Several addresses that all failed have no message of their own.
const messageOf = (error: Error): string => error.message || (error instanceof AggregateError ? String(error.errors[0]) : error.name);
