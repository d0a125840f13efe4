import type { IncomingMessage } from 'node:http';
import { restConfig } from './rest-options';
import { networkOf, sourceOf } from './source-address';

const request = (remoteAddress: string | undefined, forwarded?: string | string[]) =>
  ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage; // all that is read of it
const ipOf = (trusted: string, peer: string, forwarded?: string) => sourceOf([trusted])(request(peer, forwarded));

describe('the source of a request', () => {
  it('is the peer where nobody is trusted, whatever the header says', () =>
    expect(sourceOf([])(request('198.51.100.1', '203.0.113.7'))).toEqual({ ip: '198.51.100.1', from: 'socket' }));

  it.each([
    ['an address', '10.0.0.1', '10.0.0.1'],
    ['a network', '10.0.0.0/8', '10.200.3.4'],
    ['an IPv6 network', '2001:db8::/32', '2001:db8::5'],
    ['an address that is seen mapped into IPv6', '10.0.0.1', '::ffff:10.0.0.1'],
    ['an address that is named mapped into IPv6', '::ffff:10.0.0.1', '10.0.0.1'],
    ['a network that is named mapped into IPv6', '::ffff:10.0.0.0/104', '10.200.3.4'],
  ])('is what a trusted proxy says: %s', (_, trusted, peer) => expect(ipOf(trusted, peer, '203.0.113.7')).toEqual({ ip: '203.0.113.7', from: 'forwarded' }));

  it.each([
    ['a neighbour of a trusted one', '10.0.0.1', '10.0.0.2'],
    ['IPv6, where IPv4 is trusted', '0.0.0.0/0', '2001:db8::5'],
  ])('is the peer where that is %s', (_, trusted, peer) => expect(ipOf(trusted, peer, '203.0.113.7')).toEqual({ ip: peer, from: 'socket' }));

  it.each([
    ['203.0.113.7, 10.0.0.1', '203.0.113.7'],
    ['6.6.6.6, 203.0.113.7', '203.0.113.7'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
  ])('is the nearest hop that is not trusted: %s', (forwarded, ip) => expect(ipOf('10.0.0.0/8', '10.0.0.9', forwarded)).toEqual({ ip, from: 'forwarded' }));

  // inet_aton's other spellings of IPv4 are no addresses here: what a proxy did not write cannot become one that nobody recognises.
  it.each(['unknown', '', '1.2', '0x7f.1', '010.0.0.1', '2130706433', '203.0.113.7 6.6.6.6'])('is the peer where a proxy names no address: %j', (forwarded) =>
    expect(ipOf('10.0.0.0/8', '10.0.0.9', forwarded)).toEqual({ ip: '10.0.0.9', from: 'socket' }));

  it('is unknown where the connection is gone', () => expect(sourceOf(['10.0.0.0/8'])(request(undefined, '203.0.113.7'))).toEqual({ ip: null, from: null }));

  it.each(['nowhere', '10.0.0.0/33', '10.0.0.0/', '1.2', ':'])('takes no proxy that is none: %j', (text) => {
    expect(() => networkOf(text)).toThrow(`found "${text}"`);
    expect(restConfig.safeParse({ ATELIER_TRUSTED_PROXIES: `10.0.0.1, ${text}` }).error?.issues).toMatchObject([{ path: ['ATELIER_TRUSTED_PROXIES'], message: 'expected addresses or networks, separated by commas' }]);
  });
});
