import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type HttpCaller, createHttpCaller } from '@atelier/platform';
import { capitalised, createMessagesApi } from './messages-api';
import type { OutgoingMessage } from './messages.port';

const ACCOUNT = `AC${'a'.repeat(32)}` as const;
const KEY = { sid: `SK${'b'.repeat(32)}`, secret: 'secret' };
const HELLO: OutgoingMessage = { to: '+15551230001', from: '+15557650001', body: 'Hello' };

type Request = { method: string; url: string; authorization: string; form: Record<string, string> };
let server: Server;
let caller: HttpCaller;
let requests: Request[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

const json = (status: number, body: unknown) => (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body));

beforeEach(async () => {
  requests = [];
  caller = createHttpCaller({ privateNetworks: 'refused', timeoutMs: 2_000 });
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      requests.push({ method, url, authorization: headers.authorization ?? '', form: Object.fromEntries(new URLSearchParams(body)) });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await caller.close();
});
const api = (isLookupConclusive = true) =>
  createMessagesApi(caller, { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, isLookupConclusive });

describe('sending a message', () => {
  beforeEach(() => void (answer = json(201, { sid: 'SM1', account_sid: ACCOUNT, num_media: '0', price: null, subresource_uris: { media: '/x' } })));

  it('posts it with the key of the account, to a carrier that may lie in a private network', async () => {
    await api().send(ACCOUNT, KEY, { ...HELLO, statusCallback: 'http://127.0.0.1/hook' });
    expect(requests).toEqual([
      {
        method: 'POST',
        url: `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`,
        authorization: `Basic ${Buffer.from(`${KEY.sid}:secret`).toString('base64')}`,
        form: { To: HELLO.to, From: HELLO.from, Body: 'Hello', StatusCallback: 'http://127.0.0.1/hook' },
      },
    ]);
  });

  it('answers the resource with capitalised names', async () =>
    expect(await api().send(ACCOUNT, KEY, HELLO)).toEqual({ kind: 'accepted', message: { Sid: 'SM1', AccountSid: ACCOUNT, NumMedia: '0', Price: null } }));

  it('from a Messaging Service names the service', async () => {
    const from = `MG${'c'.repeat(32)}`;
    await api().send(ACCOUNT, KEY, { ...HELLO, from, shortenUrls: true, mediaUrl: 'https://example.com/a.png' });
    expect(requests[0]?.form).toEqual({ To: HELLO.to, MessagingServiceSid: from, Body: 'Hello', ShortenUrls: 'true', MediaUrl: 'https://example.com/a.png' });
  });

  it('by template carries its variables as JSON', async () => {
    await api().send(ACCOUNT, KEY, { to: HELLO.to, from: HELLO.from, contentSid: 'HX1', contentVariables: { '1': 'ä"b' } });
    expect(requests[0]?.form).toEqual({ To: HELLO.to, From: HELLO.from, ContentSid: 'HX1', ContentVariables: '{"1":"ä\\"b"}' });
  });

  it('into a chat channel goes to that channel', async () => {
    await api().send(ACCOUNT, KEY, { ...HELLO, service: 'IS1', channel: 'CH1', attributes: '{"a":1}' });
    expect(requests[0]).toMatchObject({ url: '/v2/Services/IS1/Channels/CH1/Messages', form: { From: HELLO.from, Body: 'Hello', Attributes: '{"a":1}' } });
  });
});

describe('a message that was not accepted', () => {
  it('for a key that is gone carries the provider’s error', async () => {
    answer = json(401, { code: 20003, message: 'Authenticate', more_info: 'x', status: 401 });
    expect(await api().send(ACCOUNT, KEY, HELLO)).toEqual({ kind: 'refused', status: 401, code: 20003, message: 'Authenticate' });
  });
  it('with an error page instead of JSON carries the status', async () => {
    answer = json(502, '<html>');
    expect(await api().send(ACCOUNT, KEY, HELLO)).toEqual({ kind: 'refused', status: 502, code: 502, message: '[HTTP 502] Failed to execute request' });
  });
  it('where nobody listens was not sent', async () => {
    const gone = api();
    server.close();
    expect(await gone.send(ACCOUNT, KEY, HELLO)).toMatchObject({ kind: 'unreachable' });
  });
  it('where the answer never came is unknown, and was asked for once', async () => {
    answer = (request) => request.socket.destroy();
    expect(await api().send(ACCOUNT, KEY, HELLO)).toMatchObject({ kind: 'unknown' });
    expect(requests).toHaveLength(1);
  });
  it('with success and no readable resource is unknown', async () => {
    answer = json(201, 'ok');
    expect(await api().send(ACCOUNT, KEY, HELLO)).toMatchObject({ kind: 'unknown' });
  });
});

describe('looking for what an attempt may have created', () => {
  const at = Date.parse('2026-01-31T12:00:00.700Z');
  const sought = { to: HELLO.to, from: HELLO.from, body: 'Hello', createdSinceMs: at };
  const found = (values: object) => ({ sid: 'SM1', body: 'Hello', direction: 'outbound-api', date_created: 'Sat, 31 Jan 2026 12:00:00 +0000', ...values });

  it('asks by both addresses and compares text, direction and time, which has whole seconds', async () => {
    answer = json(200, {
      messages: [
        found({ sid: 'SM-right' }),
        found({ sid: 'SM-other-text', body: 'Hello!' }),
        found({ sid: 'SM-inbound', direction: 'inbound' }),
        found({ sid: 'SM-before', date_created: 'Sat, 31 Jan 2026 11:59:59 +0000' }),
      ],
    });
    expect((await api().find(ACCOUNT, KEY, sought)).map((each) => each['Sid'])).toEqual(['SM-right']);
    expect(requests[0]?.url).toBe(`/2010-04-01/Accounts/${ACCOUNT}/Messages.json?To=%2B15551230001&From=%2B15557650001&PageSize=50`);
  });

  it('compares the service where a service sent it', async () => {
    answer = json(200, { messages: [found({ sid: 'SM-a', messaging_service_sid: 'MG1' }), found({ sid: 'SM-b', messaging_service_sid: 'MG2' })] });
    expect((await api().find(ACCOUNT, KEY, { ...sought, from: 'MG1' })).map((each) => each['Sid'])).toEqual(['SM-a']);
    expect(requests[0]?.url).not.toContain('From=');
  });

  it('is a Fault where the provider cannot be asked: that is not "not found"', async () => {
    answer = json(500, {});
    await expect(api().find(ACCOUNT, KEY, sought)).rejects.toMatchObject({ name: 'Fault' });
  });

  it('answers each message as its create did, whatever became of it since', async () => {
    const since = { status: 'undelivered', error_code: 30003, error_message: 'gone', date_created: 'Sat, 31 Jan 2026 12:00:00 +0000', date_updated: 'Sat, 31 Jan 2026 12:00:09 +0000', date_sent: 'Sat, 31 Jan 2026 12:00:01 +0000', price: '-0.01' };
    answer = json(200, { sid: 'SM1', body: 'Hello', messaging_service_sid: null, ...since });
    const created = { Status: 'queued', ErrorCode: null, ErrorMessage: null, DateCreated: since.date_created, DateUpdated: since.date_created, DateSent: null, Price: null };
    expect(await api().fetch(ACCOUNT, KEY, 'SM1')).toEqual({ Sid: 'SM1', Body: 'Hello', MessagingServiceSid: null, ...created });
    expect(requests[0]).toMatchObject({ method: 'GET', url: `/2010-04-01/Accounts/${ACCOUNT}/Messages/SM1.json` });
    answer = json(200, { sid: 'SM1', messaging_service_sid: 'MG1', ...since });
    expect(await api().fetch(ACCOUNT, KEY, 'SM1')).toMatchObject({ Status: 'accepted' });
  });

  it('tells a message that is not there from a provider that cannot be asked', async () => {
    answer = json(404, { code: 20404 });
    expect(await api().fetch(ACCOUNT, KEY, 'SM1')).toBeUndefined();
    answer = json(500, {});
    await expect(api().fetch(ACCOUNT, KEY, 'SM1')).rejects.toMatchObject({ name: 'Fault' });
  });

  it('says of the carrier whether "not found" is the last word', () => expect([api(true).isConclusive, api(false).isConclusive]).toEqual([true, false]));
});

it('names are capitalised as outputs of widgets are', () =>
  expect(capitalised({ sid: 1, messaging_service_sid: 2, uri: 3, date_created: 4 })).toEqual({ Sid: 1, MessagingServiceSid: 2, Uri: 3, DateCreated: 4 }));
