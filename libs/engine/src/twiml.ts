/** The answer that sends a call or message on to TwiML of one's own. */
export const redirectTwiml = ({ verb, url, method }: { readonly verb: 'Redirect'; readonly url: string; readonly method: string }): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Response><${verb} method="${escaped(method)}">${escaped(url)}</${verb}></Response>`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
// What XML cannot carry at all is left out.
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character).replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '');
