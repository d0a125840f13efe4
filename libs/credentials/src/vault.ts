import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { type AccountSid, Defect } from '@atelier/contracts';

/** What a stored secret is bound to: it opens for no other credential and no other account. */
export type Bound = { readonly sid: string; readonly accountSid: AccountSid };

/** Bytes of the master key. */
export const MASTER_KEY_BYTES = 32;

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12; // GCM's own size
const TAG_BYTES = 16;
const VERSION = 'v1'; // of the sealed form

/**
 * Secrets in their two stored forms (`spec/audit-and-keys.md` 3.1). A keyed hash checks what a caller presents: secrets have 128 bits and more, so a
 * slow hash would only cost time. What has to be used again is sealed under a data key of its own, which the master key wraps.
 */
export class Vault {
  /** Tells master keys apart without telling anything about them. */
  readonly fingerprint: string;
  private readonly hashKey: Buffer;
  private readonly wrapKey: Buffer;

  constructor(masterKey: Buffer) {
    this.hashKey = derived(masterKey, 'hash');
    this.wrapKey = derived(masterKey, 'wrap');
    this.fingerprint = derived(masterKey, 'fingerprint').toString('hex');
  }

  hash(sid: string, secret: string): Buffer {
    return createHmac('sha256', this.hashKey).update(`${sid}\n${secret}`).digest();
  }

  matches(sid: string, secret: string, hash: Buffer): boolean {
    return timingSafeEqual(this.hash(sid, secret), hash);
  }

  seal(secret: string, bound: Bound): string {
    const dataKey = randomBytes(MASTER_KEY_BYTES);
    return [VERSION, encrypted(this.wrapKey, dataKey, bound), encrypted(dataKey, Buffer.from(secret), bound)].join('.');
  }

  /** A Defect where the text was not sealed by this vault for exactly this credential. */
  open(sealed: string, bound: Bound): string {
    const [version, wrapped = '', body = ''] = sealed.split('.');
    try {
      if (version !== VERSION) throw new Error(`expected ${VERSION}`);
      return decrypted(decrypted(this.wrapKey, wrapped, bound), body, bound).toString();
    } catch {
      throw new Defect(`expected the secret of ${bound.sid} as it was stored, found something else`); // says nothing of what was found
    }
  }
}

const derived = (masterKey: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, '', `atelier credentials ${purpose}`, MASTER_KEY_BYTES));

const contextOf = ({ sid, accountSid }: Bound): Buffer => Buffer.from(`${sid}\n${accountSid}`);

const encrypted = (key: Buffer, plain: Buffer, bound: Bound): string => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(contextOf(bound));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
};

const decrypted = (key: Buffer, text: string, bound: Bound): Buffer => {
  const bytes = Buffer.from(text, 'base64url');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(contextOf(bound)).setAuthTag(tag);
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
};
