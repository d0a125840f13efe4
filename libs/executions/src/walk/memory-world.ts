import type { AccountSid, JsonObject } from '@atelier/contracts';
import { type HttpCaller, type OutboundRequest, type OutboundResult, newSid } from '@atelier/platform';
import { formOf, isSigned } from '@atelier/twilio-client';

/** What the world does with the next call: as recorded. */
export type RecordedAnswer =
  | { readonly kind: 'send'; readonly isAccepted: boolean }
  | { readonly kind: 'answer'; readonly status: number; readonly contentType: string; readonly body: string }
  | { readonly kind: 'no-answer' };

/** A message as the carrier took it. */
export type SentMessage = { readonly sid: string; readonly form: URLSearchParams };

export const CARRIER_ORIGIN = 'https://carrier.example.com';
export const TOKEN = '12345';

/** For specs: everything that effects call, in memory; each call takes the next recorded answer, and must be signed as Twilio signs. */
export class MemoryWorld implements HttpCaller {
  readonly sent: SentMessage[] = [];
  /** The recorded answer to the next call; `otherwise`: a friendly one. */
  next: (otherwise: RecordedAnswer) => RecordedAnswer = (otherwise) => otherwise;

  constructor(private readonly account: AccountSid) {}

  async call(request: OutboundRequest): Promise<OutboundResult> {
    if (request.url.startsWith(CARRIER_ORIGIN)) return this.message(request, this.next({ kind: 'send', isAccepted: true }));
    const answer = this.next({ kind: 'answer', status: 200, contentType: 'application/json', body: '{}' });
    if (!isSigned(signedRequestOf(request), [TOKEN])) throw new Error('a request left without a valid signature');
    if (answer.kind === 'answer') return { ...answer, headers: { 'content-type': answer.contentType } };
    if (answer.kind === 'send') throw new Error('a web service was called where a message was foreseen');
    return { kind: 'failure', reason: 'network', wasSent: true, message: 'the connection broke' };
  }

  async close(): Promise<void> {
    this.sent.length = 0;
  }

  private message({ body = '' }: OutboundRequest, answer: RecordedAnswer): OutboundResult {
    const form = new URLSearchParams(body);
    if (answer.kind !== 'send') throw new Error('a message was sent where another call was foreseen');
    if (!answer.isAccepted) return json(400, { code: 21211, message: "The 'To' number is not a valid phone number.", status: 400 });
    const sid = newSid('SM');
    this.sent.push({ sid, form });
    return json(201, { sid, account_sid: this.account, to: form.get('To'), from: form.get('From'), body: form.get('Body'), status: 'queued', direction: 'outbound-api', error_code: null });
  }
}

const json = (status: number, body: JsonObject): OutboundResult => ({ kind: 'answer', status, contentType: 'application/json', headers: {}, body: JSON.stringify(body) });

const signedRequestOf = ({ method, url, headers = {}, body = '' }: OutboundRequest) => {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  const signed = method === 'GET' ? ({ kind: 'none' } as const) : isForm ? ({ kind: 'form', form: formOf([...new URLSearchParams(body)]) } as const) : ({ kind: 'bytes', bytes: Buffer.from(body) } as const);
  return { url, signature: headers['x-twilio-signature'], body: signed };
};
