import type { OutboundAnswer, OutboundRequest } from './http-caller';

/** One request on the way of an outbound call. */
export type Hop = {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
};

/** The request as asked for; undefined where its URL is none of http or https. */
export const firstHop = ({ url: text, method, headers = {}, body }: OutboundRequest): Hop | undefined => {
  const url = urlOf(text);
  return url && { url: bare(url), method, headers: { ...COMMON, ...credentialsOf(url), ...headers }, body };
};

/** Where a redirect leads, by fetch's rules: 303, and POST at 301 and 302, become GET. Undefined where Location is no URL. */
export const nextHop = (hop: Hop, answer: Pick<OutboundAnswer, 'status' | 'headers'>): Hop | undefined => {
  const url = urlOf(answer.headers['location'] ?? '', hop.url);
  if (!url) return undefined;
  const becomesGet = answer.status === 303 || (hop.method === 'POST' && (answer.status === 301 || answer.status === 302));
  const kept = url.origin === hop.url.origin ? hop.headers : { ...COMMON, ...only('content-type', hop.headers) };
  const headers = { ...without(becomesGet ? ['content-type', SIGNATURE] : [SIGNATURE], kept), ...credentialsOf(url) };
  return becomesGet ? { url: bare(url), method: 'GET', headers } : { ...hop, url: bare(url), headers };
};

/** Whether an answer sends the caller elsewhere. */
export const isRedirect = ({ status, headers }: Pick<OutboundAnswer, 'status' | 'headers'>): boolean =>
  REDIRECTS.has(status) && headers['location'] !== undefined;

/** Text of a body by the character set of its content type; UTF-8 where none is named, or one that nobody knows. */
export const bodyText = (bytes: Buffer, contentType: string): string => {
  const label = /charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1];
  try {
    return new TextDecoder(label ?? 'utf-8').decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes); // a label that names no encoding
  }
};

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const COMMON = { accept: '*/*', 'user-agent': 'Atelier' };
const SIGNATURE = 'x-twilio-signature'; // of the first URL; a redirect must not earn one for an address of its own choice

const urlOf = (text: string, base?: URL): URL | undefined => {
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url : undefined;
};

const bare = (url: URL): URL => Object.assign(new URL(url), { username: '', password: '', hash: '' });

const credentialsOf = ({ username, password }: URL): { authorization?: string } => {
  if (username === '' && password === '') return {};
  return { authorization: `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}` };
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray percent sign stands for itself
  }
};

const only = (name: string, headers: Hop['headers']): Record<string, string> => (headers[name] === undefined ? {} : { [name]: headers[name] });

const without = (names: readonly string[], headers: Hop['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
