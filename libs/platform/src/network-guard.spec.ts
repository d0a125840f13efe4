import { guardedLookup, isPublicAddress } from './network-guard';

describe('addresses that outbound calls may reach', () => {
  it.each([
    '8.8.8.8', '93.184.216.34', '172.15.255.255', '172.32.0.1', '100.63.255.255', '100.128.0.1',
    '2606:4700:4700::1111', '2a00:1450:4001::1', '::ffff:8.8.8.8', '64:ff9b::808:808',
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    ['this network', '0.0.0.0'], ['this network', '0.1.2.3'], ['private', '10.0.0.1'], ['private', '172.16.0.1'], ['private', '172.31.255.255'],
    ['private', '192.168.1.1'], ['loopback', '127.0.0.1'], ['loopback', '127.255.255.254'], ['link-local, where clouds keep credentials', '169.254.169.254'],
    ['shared (CGNAT)', '100.64.0.1'], ['shared (CGNAT)', '100.127.255.255'], ['multicast', '224.0.0.1'], ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'], ['documentation', '192.0.2.1'], ['documentation', '198.51.100.7'], ['benchmarks', '198.18.0.1'], ['protocols', '192.0.0.8'],
    ['loopback', '::1'], ['unspecified', '::'], ['link-local', 'fe80::1'], ['link-local with a zone', 'fe80::1%eth0'], ['unique local', 'fd00::1'],
    ['unique local', 'fc00::1'], ['site-local', 'fec0::1'], ['multicast', 'ff02::1'], ['documentation', '2001:db8::1'], ['discard', '100::1'],
    ['mapped loopback', '::ffff:127.0.0.1'], ['mapped loopback', '::ffff:7f00:1'], ['mapped private', '::ffff:10.0.0.1'],
    ['IPv4-compatible', '::127.0.0.1'], ['translated (RFC 6145)', '::ffff:0:127.0.0.1'],
    ['NAT64 of private', '64:ff9b::a00:1'], ['NAT64 of link-local', '64:ff9b::a9fe:a9fe'], ['local NAT64', '64:ff9b:1::808:808'],
    ['6to4 of private', '2002:a00:1::1'], ['6to4', '2002:808:808::1'], ['Teredo', '2001:0:1::1'], ['outside global unicast', '4000::1'],
    ['not an address', ''], ['not an address', 'localhost'], ['not an address', '127.1'],
  ])('%s: %s is not', (_, address) => expect(isPublicAddress(address)).toBe(false));
});

describe('looking up a name', () => {
  const addresses = [
    { address: '10.0.0.1', family: 4 },
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700:4700::1111', family: 6 },
  ];
  const lookup = guardedLookup((_, done) => done(null, addresses), isPublicAddress);
  const all = (options: object) => new Promise((resolve) => lookup('name.test', { all: true, ...options }, (error, found) => resolve(error ?? found)));

  it('hands out public addresses only', async () => expect(await all({})).toEqual(addresses.slice(1)));
  it('hands out the family asked for', async () => expect(await all({ family: 6 })).toEqual([addresses[2]]));
  it('hands out one where one is asked for', async () =>
    expect(await new Promise((resolve) => lookup('name.test', {}, (error, address, family) => resolve([error, address, family])))).toEqual([null, '8.8.8.8', 4]));
  it('refuses a name that has none', async () => {
    const inner = guardedLookup((_, done) => done(null, addresses.slice(0, 1)), isPublicAddress);
    const error = await new Promise((resolve) => inner('inside.test', { all: true }, resolve));
    expect(error).toMatchObject({ name: 'RefusedAddress' });
  });
});
