import { XMLParser } from 'fast-xml-parser';

/** What a webhook wants done, in its order; nothing follows a redirect. */
export type Verb =
  | { readonly verb: 'Message'; readonly body: string; readonly media: readonly string[]; readonly to?: string; readonly from?: string; readonly statusCallback?: string }
  | { readonly verb: 'Redirect'; readonly url: string; readonly method: 'GET' | 'POST' };

type Node = { readonly [name: string]: unknown; readonly ':@'?: Readonly<Record<string, string>> };

// Without `htmlEntities` it leaves numeric references as they are.
const parser = new XMLParser({ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', parseTagValue: false, parseAttributeValue: false, trimValues: false, htmlEntities: true });

/** The verbs of an answer to a message webhook: TwiML, or plain text, which is a message. Throws where the document is not TwiML. */
export const verbsOf = (contentType: string, answer: string): readonly Verb[] => {
  if (answer.trim() === '') return [];
  if (/^text\/plain\b/i.test(contentType)) return [{ verb: 'Message', body: answer, media: [] }];
  const root = (parser.parse(answer) as readonly Node[]).find((node) => 'Response' in node); // preserveOrder makes arrays of one-name objects
  if (!root) throw new Error('expected a document with the element Response');
  const verbs = childrenOf(root, 'Response').flatMap(verbOf);
  const end = verbs.findIndex(({ verb }) => verb === 'Redirect');
  return end < 0 ? verbs : verbs.slice(0, end + 1);
};

const verbOf = (node: Node): readonly Verb[] => {
  const attributes = node[':@'] ?? {};
  if ('Message' in node || 'Sms' in node) return [messageOf(childrenOf(node, 'Message' in node ? 'Message' : 'Sms'), attributes)];
  if ('Redirect' in node) return [{ verb: 'Redirect', url: textOf(childrenOf(node, 'Redirect')).trim(), method: attributes['method']?.toUpperCase() === 'GET' ? 'GET' : 'POST' }];
  return [];
};

const messageOf = (children: readonly Node[], { to, from, statusCallback, action }: Readonly<Record<string, string>>): Verb => {
  const parts = (name: string) => children.filter((child) => name in child).map((child) => textOf(childrenOf(child, name)));
  const callback = statusCallback ?? action;
  return {
    verb: 'Message',
    body: [...parts('Body'), textOf(children)].join('').trim(),
    media: parts('Media').map((url) => url.trim()),
    ...(to !== undefined && { to }),
    ...(from !== undefined && { from }),
    ...(callback !== undefined && { statusCallback: callback }),
  };
};

const childrenOf = (node: Node, name: string): readonly Node[] => node[name] as readonly Node[]; // the parser's form for elements

const textOf = (children: readonly Node[]): string => children.flatMap((child) => ('#text' in child ? [String(child['#text'])] : [])).join('');
