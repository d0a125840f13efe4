import { ConfigurationError } from '@atelier/platform';
import ipaddr from 'ipaddr.js';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** Where a request came from and how that was learnt. */
export type Source = { readonly ip: string | null; readonly from: 'socket' | 'forwarded' | null };
export type SourceOf = (request: IncomingMessage) => Source;

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

const MAPPED_BITS = 96; // of ::ffff:0:0/96

/** Whether a proxy setting is an address or a network, such as `::1` or `10.0.0.0/8`. */
export const isNetwork = (text: string): boolean => isAddress(text) || ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text);

/** Reads a proxy setting; throws on what is none. IPv4 mapped into IPv6 is IPv4, as with the addresses that it is compared with. */
export const networkOf = (text: string): Network => {
  if (!isNetwork(text)) throw new ConfigurationError(`Expected an address or a network as trusted proxy, found ${JSON.stringify(text)}`);
  const [address, bits]: Network = text.includes('/') ? ipaddr.parseCIDR(text) : [ipaddr.parse(text), ipaddr.parse(text).kind() === 'ipv4' ? 32 : 128];
  const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= MAPPED_BITS;
  return isMapped ? [address.toIPv4Address(), bits - MAPPED_BITS] : [address, bits];
};

/** Whether an address lies in one of these networks. */
export const isWithin = (texts: readonly string[]): ((ip: string) => boolean) => {
  const contains = containedIn(texts.map(networkOf));
  return (ip) => {
    const address = addressOf(ip);
    return address !== undefined && contains(address);
  };
};

const containedIn =
  (networks: readonly Network[]) =>
  (address: Address): boolean =>
    networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));

/**
 * The nearest hop that is not a trusted proxy: the socket's peer, or, while hops are trusted, the next entry of X-Forwarded-For from the
 * right. Entries left of an untrusted hop are claims of the client and are never believed.
 */
export const sourceOf = (trustedProxies: readonly string[]): SourceOf => {
  const networks = trustedProxies.map(networkOf);
  const isTrusted = containedIn(networks);
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

// inet_aton's other spellings of IPv4 (`1.2`, `0x7f.1`) are none.
const isAddress = (text: string): boolean => isIP(text) !== 0; // ipaddr.js answers the same by way of an exception, on every request

// Some proxies append the port. IPv4 addresses mapped into IPv6 are shown as IPv4.
const addressOf = (text: string): Address | undefined => {
  const bare = text.trim().replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
  return isAddress(bare) ? ipaddr.process(bare) : undefined;
};
