import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { type LookupFunction, isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The address belongs to a network that outbound calls may not reach. */
export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress';
  constructor(host: string) {
    super(`${host} is, or resolves only to, an address that is not public`);
  }
}

/** Resolves a name to all its addresses; `dns.lookup` unless a test brings its own. */
export type Resolver = (hostname: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

export const systemResolver: Resolver = (hostname, done) => systemLookup(hostname, { all: true }, (error, addresses) => done(error, addresses ?? []));

/**
 * Whether an address is one of the public internet: neither private, loopback, link-local, shared (CGNAT), multicast, documentation nor
 * otherwise reserved. IPv4 inside IPv6 (mapped, NAT64) is judged by the IPv4 address, because networks without IPv4 reach everything that
 * way; 6to4 and Teredo, whose relays anybody may run, are refused.
 */
export const isPublicAddress = (text: string): boolean => {
  if (isIP(text.replace(/%.*$/, '')) === 0) return false;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast';
  const embedded = embeddedIPv4(address);
  if (embedded) return embedded.range() === 'unicast';
  return address.range() === 'unicast' && address.match(GLOBAL_UNICAST);
};

/** The host of a URL as an address, without the brackets of IPv6; undefined where it is a name. */
export const addressOfHost = (hostname: string): string | undefined => {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
};

/** A `lookup` for sockets: what it checked is what is connected to, so a name that changes its answer in between gains nothing. */
export const guardedLookup =
  (resolve: Resolver, isPermitted: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) =>
    resolve(hostname, (error, found) => {
      if (error) return callback(error, []);
      const family = familyOf(options.family);
      const permitted = found.filter((each) => isPermitted(each.address) && (family === 0 || each.family === family));
      const [first] = permitted;
      if (!first) return callback(new RefusedAddress(hostname), []);
      if (options.all) return callback(null, permitted);
      return callback(null, first.address, first.family);
    });

const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3]; // all that IANA has given out so far
const NAT64: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('64:ff9b::'), 96]; // RFC 6052; 64:ff9b:1::/48 is for local use and refused

const embeddedIPv4 = (address: ipaddr.IPv6): ipaddr.IPv4 | undefined => {
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  return address.match(NAT64) ? new ipaddr.IPv4(address.toByteArray().slice(12)) : undefined;
};

const familyOf = (family: number | string | undefined): number => (family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : Number(family ?? 0));
