import ipaddr from 'ipaddr.js';
import type { IncomingMessage } from 'node:http';

/** Where a request came from and how that was learnt. */
export type Source = { readonly ip: string | null; readonly from: 'socket' | 'forwarded' | null };
export type SourceOf = (request: IncomingMessage) => Source;

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

/** Reads a proxy setting such as `10.0.0.0/8` or `::1`; throws on anything else. */
export const networkOf = (text: string): Network => {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
};

/**
 * The nearest hop that is not a trusted proxy: the socket's peer, or, while hops are trusted, the next entry of X-Forwarded-For from the
 * right. Entries left of an untrusted hop are claims of the client and are never believed.
 */
export const sourceOf = (trustedProxies: readonly string[]): SourceOf => {
  const networks = trustedProxies.map(networkOf);
  const isTrusted = (address: Address) =>
    networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
  return (request) => {
    const peer = addressOf(request.socket.remoteAddress ?? '');
    if (!peer) return { ip: null, from: null };
    let hop: Address = peer;
    for (const entry of networks.length > 0 ? forwardedOf(request).reverse() : []) {
      const next: Address | undefined = isTrusted(hop) ? addressOf(entry) : undefined;
      if (!next) break;
      hop = next;
    }
    return { ip: hop.toString(), from: hop === peer ? 'socket' : 'forwarded' };
  };
};

const forwardedOf = ({ headers }: IncomingMessage): string[] => {
  const header = headers['x-forwarded-for'] ?? '';
  return (Array.isArray(header) ? header.join(',') : header).split(',');
};

// Some proxies append the port. IPv4 addresses mapped into IPv6 are shown as IPv4.
const addressOf = (text: string): Address | undefined => {
  const bare = text.trim().replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
  return ipaddr.isValid(bare) && !/^\d+$/.test(bare) ? ipaddr.process(bare) : undefined;
};
