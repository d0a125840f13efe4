import { createHash } from 'node:crypto';
import type { AccountSid } from '@atelier/contracts';
import type { HttpCaller, OutboundAnswer, OutboundResult } from '@atelier/platform';
import { type SigningToken, formOf, signatureOf } from '@atelier/twilio-client';

export type WebhookOptions = {
  /** Its time limit is the read timeout: 15 s at Twilio. */
  readonly caller: HttpCaller;
  readonly signingToken: SigningToken;
  /** An origin that may lie in a private network: this installation's own. */
  readonly trustedOrigin: () => string | undefined;
  /** Where that origin is reached from here, where its name means something else: behind a published port. Signatures are made for the name. */
  readonly reachedAt?: string | undefined;
};

export type WebhookRequest = {
  readonly account: AccountSid;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly parameters: readonly (readonly [string, string])[];
  /** The same for every delivery of the same fact. */
  readonly fact: string;
};

/** Calls webhooks as Twilio does: signed with the account's auth token, and once more where the connection failed. */
export class Webhooks {
  constructor(private readonly options: WebhookOptions) {}

  /** The answer, whatever its status; undefined where there was none. */
  async call(request: WebhookRequest): Promise<OutboundAnswer | undefined> {
    const { retries, policies } = overridesOf(request.url);
    for (let attempt = 0; ; attempt++) {
      const result = await this.attempt(request);
      if (attempt < retries && policies.has(troubleOf(result))) continue;
      return result.kind === 'answer' ? result : undefined;
    }
  }

  private async attempt({ account, method, url, parameters, fact }: WebhookRequest): Promise<OutboundResult> {
    const target = targetOf(method, url, parameters);
    if (!target) return { kind: 'failure', reason: 'invalid-url', wasSent: false, message: 'The URL is not a URL' };
    const isPost = method === 'POST';
    const [token] = await this.options.signingToken.tokens(account);
    const { href, trustedOrigin } = this.reached(target);
    return this.options.caller.call({
      method,
      url: href,
      headers: {
        ...(token !== undefined && { 'x-twilio-signature': signatureOf(token, signedUrlOf(target), isPost ? formOf(parameters) : {}) }),
        ...(isPost && { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }),
        'i-twilio-idempotency-token': idempotencyToken(`${fact} ${url}`),
        'user-agent': 'TwilioProxy/1.1',
      },
      ...(isPost && { body: new URLSearchParams(parameters.map(([name, value]) => [name, value])).toString() }),
      ...(trustedOrigin !== undefined && { trustedOrigin }),
    });
  }

  private reached(target: URL): { href: string; trustedOrigin: string | undefined } {
    const [own, { reachedAt }] = [this.options.trustedOrigin(), this.options];
    if (reachedAt === undefined || target.origin !== own) return { href: target.href, trustedOrigin: own };
    return { href: reachedAt + target.pathname + target.search, trustedOrigin: reachedAt };
  }
}

type Trouble = 'ct' | 'rt' | '4xx' | '5xx' | 'none';

const troubleOf = (result: OutboundResult): Trouble => {
  if (result.kind === 'failure') return result.reason === 'invalid-url' || result.reason === 'refused-address' ? 'none' : result.wasSent ? 'rt' : 'ct';
  return result.status >= 500 ? '5xx' : result.status >= 400 ? '4xx' : 'none';
};

// Twilio's connection overrides stand in the fragment: `#rc=2&rp=ct,rt` (retry count, retry policy).
const overridesOf = (url: string): { retries: number; policies: ReadonlySet<Trouble> } => {
  const overrides = new URLSearchParams(url.split('#')[1] ?? '');
  const policies = overrides.get('rp') ?? 'ct';
  const count = /^[0-5]$/.test(overrides.get('rc') ?? '') ? Number(overrides.get('rc')) : 1;
  return { retries: count, policies: new Set((policies === 'all' ? 'ct,rt,4xx,5xx' : policies).split(',') as Trouble[]) }; // what is no trouble is never looked up
};

const targetOf = (method: 'GET' | 'POST', url: string, parameters: WebhookRequest['parameters']): URL | undefined => {
  if (!URL.canParse(url)) return undefined;
  const target = new URL(url);
  target.hash = '';
  if (method === 'GET') for (const [name, value] of parameters) target.searchParams.append(name, value);
  return target;
};

const signedUrlOf = (target: URL): string => {
  const bare = new URL(target);
  bare.username = bare.password = '';
  return bare.href;
};

const idempotencyToken = (fact: string): string => createHash('sha256').update(fact).digest('hex').slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
