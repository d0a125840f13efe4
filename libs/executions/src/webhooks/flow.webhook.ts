import { type AccountSid, type FlowSid, type JsonObject, Rejection } from '@atelier/contracts';
import { type EdgeRequest, HealthRegistry, Public, SidParam, publicUrlOf } from '@atelier/rest-kit';
import { type SignedForm, type SignedRequest, isSigned } from '@atelier/twilio-client';
import { Controller, Get, Header, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { EXECUTIONS_HTTP, type ExecutionsHttp } from '../http/executions-http';
import { isUsableObject } from '../http/json-values';
import type { Arrived } from './inbound';
import { WebhookDoor } from './webhook-door';

/** The flow's webhook: what Twilio, or any carrier, posts for messages and calls, and what comes back from TwiML and as delivery status. */
@Controller('v1/Accounts/:account/Flows/:flow')
@Public()
export class FlowWebhook {
  constructor(
    @Inject(WebhookDoor) private readonly door: WebhookDoor,
    @Inject(EXECUTIONS_HTTP) private readonly http: ExecutionsHttp,
    @Inject(HealthRegistry) health: HealthRegistry,
  ) {
    if (http.settings.signatureCheck === 'off') health.addFact('webhook_signature_check', 'off');
  }

  @Post()
  @HttpCode(200)
  @Header('content-type', 'text/xml')
  post(@SidParam('account', 'AC') account: AccountSid, @SidParam('flow', 'FW') flow: FlowSid, @Req() request: EdgeRequest): Promise<string> {
    return this.receive(account, flow, request);
  }

  @Get()
  @Header('content-type', 'text/xml')
  get(@SidParam('account', 'AC') account: AccountSid, @SidParam('flow', 'FW') flow: FlowSid, @Req() request: EdgeRequest): Promise<string> {
    return this.receive(account, flow, request);
  }

  private async receive(account: AccountSid, flow: FlowSid, request: EdgeRequest): Promise<string> {
    await this.mustBeSigned(account, request);
    const { twiml, note } = await this.door.deliver({ account, flow, arrived: arrivedOf(request), requestSid: request.id });
    if (note) request.server.edge.log.warn({ account, flow, request: request.id, code: note.code }, note.message);
    return twiml;
  }

  /** Only the account's auth token proves a webhook (`spec/audit-and-keys.md` 8.2); an account that nobody knows has none. */
  private async mustBeSigned(account: AccountSid, request: EdgeRequest): Promise<void> {
    if (this.http.settings.signatureCheck === 'off') return;
    const tokens = await this.http.signing.tokens(account);
    if (tokens.length === 0) throw new Rejection('NotFound');
    if (!isSigned(signedRequestOf(request), tokens)) throw new Rejection('InvalidSignature');
  }
}

const signedRequestOf = (request: EdgeRequest): SignedRequest => {
  const signature = request.headers['x-twilio-signature'];
  return { url: publicUrlOf(request), signature: typeof signature === 'string' ? signature : undefined, body: signedBodyOf(request) };
};

// A GET carries nothing but its URL. Forms are covered by the signature itself, other bodies by a hash in the signed URL.
const signedBodyOf = ({ method, rawBody, headers, body }: EdgeRequest): SignedRequest['body'] => {
  if (method === 'GET' || rawBody === undefined || rawBody.length === 0) return { kind: 'none' };
  if (isForm(headers['content-type'])) return { kind: 'form', form: body as SignedForm }; // what the edge's form parser made
  return { kind: 'bytes', bytes: rawBody };
};

const isForm = (contentType = ''): boolean => contentType.toLowerCase().startsWith('application/x-www-form-urlencoded');

const arrivedOf = (request: EdgeRequest): Arrived => {
  const token = request.headers['i-twilio-idempotency-token'];
  return {
    query: objectOf(request.query),
    body: request.method === 'GET' ? {} : objectOf(request.body),
    idempotencyToken: typeof token === 'string' && token !== '' ? token : undefined,
  };
};

const objectOf = (value: unknown): JsonObject => {
  if (value === undefined || value === null) return {};
  if (!isUsableObject(value)) throw new Rejection('MalformedBody', { message: 'Expected a form or a JSON object as request body' });
  return value;
};
