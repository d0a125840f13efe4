import { type AccountSid, type Json, type JsonObject, Fault } from '@atelier/contracts';
import type { HttpCaller, OutboundAnswer, OutboundResult } from '@atelier/platform';
import type { ApiKey } from './credentials.port';
import type { MessageLookup, MessageSender, OutgoingMessage, SendResult, SoughtMessage } from './messages.port';
import type { CarrierSite } from './twilio-config';

const LOOKUP_PAGE = 50; // newest first; an attempt is looked up within minutes, among messages of one pair of addresses
const GRANULARITY_MS = 1_000; // dates of the API have whole seconds

/**
 * The Messages resource over the guarded caller. Not over the official client: that costs 284 ms to load and does not tell whether a request
 * that failed had left the machine, on which invariant A5 stands. Signatures and TwiML still come from the official package.
 */
export const createMessagesApi = (caller: HttpCaller, site: CarrierSite): MessageSender & MessageLookup => {
  const trustedOrigin = new URL(site.baseUrl).origin;
  return {
    isConclusive: site.isLookupConclusive,
    send: async (account, key, message, signal) => {
      const url = message.service && message.channel ? chatUrl(site, message.service, message.channel) : messagesUrl(site, account);
      const headers = { ...authorization(key), 'content-type': 'application/x-www-form-urlencoded' };
      const body = new URLSearchParams([...formOf(message)]).toString();
      return sendResultOf(await caller.call({ method: 'POST', url, headers, body, redirects: 'answer', trustedOrigin, ...(signal && { signal }) }));
    },
    find: async (account, key, sought) => {
      const url = `${messagesUrl(site, account)}?${new URLSearchParams(filterOf(sought)).toString()}`;
      const result = await caller.call({ method: 'GET', url, headers: authorization(key), redirects: 'answer', trustedOrigin });
      return messagesOf(result).filter((message) => isSought(message, sought)).map(asCreated);
    },
    fetch: async (account, key, sid) => {
      const url = messagesUrl(site, account).replace(/\.json$/, `/${encodeURIComponent(sid)}.json`);
      const result = await caller.call({ method: 'GET', url, headers: authorization(key), redirects: 'answer', trustedOrigin });
      if (result.kind === 'answer' && result.status === 404) return undefined;
      const message = result.kind === 'answer' && result.status === 200 ? jsonOf(result) : undefined;
      if (!message) throw new Fault(`Fetching a message failed: ${result.kind === 'answer' ? `status ${result.status}` : result.message}`);
      return asCreated(capitalised(message));
    },
  };
};

/** `num_media` → `NumMedia`, as outputs of widgets are named. Links to other resources are left out. */
export const capitalised = (resource: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(resource)
      .filter(([name]) => name !== 'subresource_uris' && name !== 'links')
      .map(([name, value]) => [name.replace(/(?:^|_)([a-z0-9])/g, (_, first: string) => first.toUpperCase()), value]),
  );

/**
 * A message as it was when it was accepted: what the lost answer to its create said, so that a step leaves the same behind whether its answer was lost or not.
 * What became of the message since is told by status callbacks.
 */
const asCreated = (message: JsonObject): JsonObject => ({
  ...message,
  Status: message['MessagingServiceSid'] ? 'accepted' : 'queued',
  DateUpdated: message['DateCreated'],
  DateSent: null,
  ErrorCode: null,
  ErrorMessage: null,
  Price: null,
});

const authorization = ({ sid, secret }: ApiKey) => ({ authorization: `Basic ${Buffer.from(`${sid}:${secret}`).toString('base64')}` });

const messagesUrl = (site: CarrierSite, account: AccountSid): string => `${site.baseUrl}/2010-04-01/Accounts/${account}/Messages.json`;

// Twilio serves chat from a host of its own; compatible hosts serve everything from one.
const chatUrl = (site: CarrierSite, service: string, channel: string): string => {
  const base = site.baseUrl.replace(/^(https?:\/\/)api(\.[\w.-]*twilio\.com)/, '$1chat$2');
  return `${base}/v2/Services/${encodeURIComponent(service)}/Channels/${encodeURIComponent(channel)}/Messages`;
};

function* formOf(message: OutgoingMessage): Iterable<[string, string]> {
  const { to, from, body, mediaUrl, contentSid, contentVariables, shortenUrls, service, channel, attributes, statusCallback } = message;
  if (service && channel) {
    yield* present([['From', from], ['Body', body], ['Attributes', attributes]]);
    return;
  }
  yield* present([
    ['To', to],
    [from.startsWith('MG') ? 'MessagingServiceSid' : 'From', from],
    ['Body', body],
    ['MediaUrl', mediaUrl],
    ['ContentSid', contentSid],
    ['ContentVariables', contentVariables && JSON.stringify(contentVariables)],
    ['ShortenUrls', shortenUrls ? 'true' : undefined],
    ['StatusCallback', statusCallback],
  ]);
}

const present = (pairs: readonly (readonly [string, string | undefined])[]): [string, string][] =>
  pairs.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]]));

const sendResultOf = (result: OutboundResult): SendResult => {
  if (result.kind === 'failure') return { kind: result.wasSent ? 'unknown' : 'unreachable', message: result.message };
  const resource = jsonOf(result);
  if (result.status < 200 || result.status > 299) return { kind: 'refused', ...providerError(result, resource) };
  if (!resource) return { kind: 'unknown', message: `The provider answered ${result.status} without a readable message` };
  return { kind: 'accepted', message: capitalised(resource) };
};

const providerError = ({ status }: OutboundAnswer, body: JsonObject | undefined): { status: number; code: number; message: string } => ({
  status,
  code: typeof body?.['code'] === 'number' ? body['code'] : status,
  message: typeof body?.['message'] === 'string' ? body['message'] : `[HTTP ${status}] Failed to execute request`,
});

const filterOf = ({ to, from }: SoughtMessage): Record<string, string> => ({
  To: to,
  ...(!from.startsWith('MG') && { From: from }), // messages of a service have a number of its pool as From
  PageSize: String(LOOKUP_PAGE),
});

const messagesOf = (result: OutboundResult): JsonObject[] => {
  const list = result.kind === 'answer' && result.status === 200 ? jsonOf(result)?.['messages'] : undefined;
  if (!Array.isArray(list)) throw new Fault(`Looking up messages failed: ${result.kind === 'answer' ? `status ${result.status}` : result.message}`);
  return (list as readonly Json[]).filter(isObject).map(capitalised);
};

const isSought = (message: JsonObject, { from, body, createdSinceMs }: SoughtMessage): boolean =>
  String(message['Direction'] ?? 'outbound-api').startsWith('outbound') &&
  (!from.startsWith('MG') || message['MessagingServiceSid'] === from) &&
  (body === undefined || message['Body'] === body) &&
  Date.parse(String(message['DateCreated'])) >= Math.floor(createdSinceMs / GRANULARITY_MS) * GRANULARITY_MS;

const jsonOf = ({ body }: OutboundAnswer): JsonObject | undefined => {
  try {
    const value = JSON.parse(body) as Json; // JSON.parse makes nothing else
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // an error page of some proxy; the status says enough
  }
};

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
