import { createHmac } from 'node:crypto';
import twilio from 'twilio';

/** What a client has to know of a running product. */
export type Product = { readonly url: string; readonly accountSid: string; readonly authToken: string };

export type RestAnswer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> };
export type Phone = { text(to: string, body: string): Promise<string>; conversation(): Promise<readonly string[]> };

/** The official client: its base URL changed, nothing else. */
export const clientOf = ({ url, accountSid, authToken }: Product): twilio.Twilio => {
  delete process.env['TWILIO_REGION']; // it rewrites host names by these
  delete process.env['TWILIO_EDGE'];
  const client = twilio(accountSid, authToken);
  for (const domain of [client.studio, client.monitor, client.api, client.iam]) domain.baseUrl = url;
  return client;
};

/** A request as any other client would make it: an object is sent as a form, an array as JSON. */
export const rest = async (product: Product, method: string, path: string, body?: Record<string, string> | readonly unknown[], headers: Record<string, string> = {}): Promise<RestAnswer> => {
  const isJson = Array.isArray(body);
  const answer = await fetch(product.url + path, {
    method,
    headers: { authorization: `Basic ${Buffer.from(`${product.accountSid}:${product.authToken}`).toString('base64')}`, ...(isJson && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: isJson ? JSON.stringify(body) : new URLSearchParams(body as Record<string, string>) }), // an object that is no array
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
};

/** A simulated phone of the local carrier. */
export const phoneOf = (product: Product, address: string): Phone => {
  const path = `/carrier/v1/Phones/${encodeURIComponent(address)}/Messages`;
  return {
    text: async (to, body) => String((await rest(product, 'POST', path, { To: to, Body: body })).body['sid']),
    conversation: async () => ((await rest(product, 'GET', path)).body['messages'] as { body: string }[]).map(({ body }) => body),
  };
};

/** A message as a carrier posts it to a flow's webhook: HMAC-SHA1 over the URL and the sorted parameters. */
export const deliver = async ({ url, accountSid, authToken }: Product, flowSid: string, form: Readonly<Record<string, string>>): Promise<{ status: number; text: string }> => {
  const webhook = `${url}/v1/Accounts/${accountSid}/Flows/${flowSid}`;
  const signed = webhook + Object.keys(form).sort().map((name) => name + form[name]).join('');
  const signature = createHmac('sha1', authToken).update(signed).digest('base64');
  const answer = await fetch(webhook, { method: 'POST', headers: { 'x-twilio-signature': signature }, body: new URLSearchParams(form) });
  return { status: answer.status, text: await answer.text() };
};

export type Failure = { readonly status: number; readonly code: number; readonly message: string; readonly moreInfo: string; readonly details: Record<string, unknown> };

/** What a call was refused with. */
export const failureOf = (call: Promise<unknown>): Promise<Failure> =>
  call.then(
    (value) => Promise.reject(new Error(`expected a failure, found ${JSON.stringify(value)}`)),
    (error: Failure) => error,
  );

type TopicPage = { readonly records: readonly TopicRecord[]; readonly next: string };
export type TopicRecord = { readonly id: string; readonly type: string; readonly subject: string; readonly data: Readonly<Record<string, unknown>> };

/** Everything that stands in a topic after a position, read in steps of `limit`, and where to go on. */
export const readTopic = async (product: Product, topic: string, after = '', limit = 1_000): Promise<TopicPage> => {
  const records: TopicRecord[] = [];
  for (let next = after; ; ) {
    const { body } = await rest(product, 'GET', `/atelier/v1/Topics/${topic}/Records?after=${next}&limit=${limit}`);
    const page = body as unknown as TopicPage; // as the reference describes it
    records.push(...page.records);
    if (page.next === next || (next === '' && page.next === '0')) return { records, next: page.next };
    next = page.next;
  }
};
