import { Vault } from './vault';

const vault = new Vault(Buffer.alloc(32, 1));
const bound = { sid: `SK${'1'.repeat(32)}`, accountSid: `AC${'a'.repeat(32)}` } as const;
const SECRET = 'kYqu7WqLVnMfVNXcGz1sNaPRiTf4u2oQ';

describe('a sealed secret', () => {
  it('comes back as it was, also in letters beyond ASCII', () => {
    for (const secret of [SECRET, 'ä€😀', '']) expect(vault.open(vault.seal(secret, bound), bound)).toBe(secret);
  });

  it('does not show, and is never sealed the same way twice', () => {
    const [one, two] = [vault.seal(SECRET, bound), vault.seal(SECRET, bound)];
    expect(one).not.toBe(two);
    for (const sealed of [one, two]) expect(Buffer.from(sealed.split('.').join(''), 'base64url').toString('latin1') + sealed).not.toContain(SECRET);
  });

  // Rows that somebody exchanged in the database would otherwise sign with another account's secret.
  it('opens for no other credential, no other account and no other master key', () => {
    const sealed = vault.seal(SECRET, bound);
    expect(() => vault.open(sealed, { ...bound, sid: `SK${'2'.repeat(32)}` })).toThrow('expected the secret');
    expect(() => vault.open(sealed, { ...bound, accountSid: `AC${'b'.repeat(32)}` })).toThrow('expected the secret');
    expect(() => new Vault(Buffer.alloc(32, 2)).open(sealed, bound)).toThrow('expected the secret');
  });

  it('opens no more once a single bit of it has changed', () => {
    const [version = '', ...parts] = vault.seal(SECRET, bound).split('.');
    for (const [i, part] of parts.entries()) {
      const bytes = Buffer.from(part, 'base64url');
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 1;
        const sealed = [version, ...parts.map((each, j) => (j === i ? changed.toString('base64url') : each))].join('.');
        expect(() => vault.open(sealed, bound)).toThrow('expected the secret');
      }
    }
  });

  it.each(['', 'v1', 'v1..', 'v2.a.b', 'v1.AAAA.AAAA', SECRET])('is refused without a word of what was found: %p', (text) => {
    expect(() => vault.open(text, bound)).toThrow(`expected the secret of ${bound.sid} as it was stored, found something else`);
  });
});

describe('the hash of a secret', () => {
  it('matches that secret of that credential under that master key only', () => {
    const hash = vault.hash(bound.sid, SECRET);
    expect(vault.matches(bound.sid, SECRET, hash)).toBe(true);
    expect(vault.matches(bound.sid, `${SECRET} `, hash)).toBe(false);
    expect(vault.matches(`SK${'2'.repeat(32)}`, SECRET, hash)).toBe(false);
    expect(new Vault(Buffer.alloc(32, 2)).matches(bound.sid, SECRET, hash)).toBe(false);
  });

  it('is not the plain one that anybody could compute', () => expect(vault.hash(bound.sid, SECRET)).not.toEqual(new Vault(Buffer.alloc(32)).hash(bound.sid, SECRET)));
});

it('master keys are told apart by a fingerprint that is no key of the vault', () => {
  expect(new Vault(Buffer.alloc(32, 1)).fingerprint).toBe(vault.fingerprint);
  expect(new Vault(Buffer.alloc(32, 2)).fingerprint).not.toBe(vault.fingerprint);
});
