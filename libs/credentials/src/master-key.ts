import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { ConfigurationError, type Database } from '@atelier/platform';
import { MASTER_KEY_BYTES, type Vault } from './vault';

const PRIVATE = 0o600;

/** Reads the master key from a file: 64 hexadecimal digits. A ConfigurationError where it cannot be read, or is not one. */
export const readMasterKey = (path: string): Buffer => {
  const text = contentsOf(path).trim();
  if (!new RegExp(`^[0-9a-fA-F]{${2 * MASTER_KEY_BYTES}}$`).test(text))
    throw new ConfigurationError(`Expected ${2 * MASTER_KEY_BYTES} hexadecimal digits as master key in ${path}, found something else.`);
  return Buffer.from(text, 'hex');
};

/** The same, where the file may be missing: then one is made that only its owner can read. Of several processes that start at once, one makes it. */
export const readOrMakeMasterKey = (path: string): Buffer => {
  if (!existsSync(path)) make(path);
  return readMasterKey(path);
};

/** The first start remembers which master key its secrets are stored with; any other key is a ConfigurationError. */
export const assertMasterKey = async (database: Database, vault: Vault): Promise<void> => {
  await database.query('insert into vault (fingerprint) values ($1) on conflict do nothing', [vault.fingerprint]);
  const [row] = await database.query<{ fingerprint: string }>('select fingerprint from vault');
  if (row?.fingerprint !== vault.fingerprint)
    throw new ConfigurationError(
      'The master key is not the one that the secrets in the database were stored with. Give back the former file (ATELIER_MASTER_KEY_FILE).',
    );
};

const contentsOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigurationError(`The master key cannot be read: ${reasonOf(cause)}`);
  }
};

// Written whole beside its place and linked there: a reader never sees half a key, and a file that is there already stays.
const make = (path: string): void => {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, `${randomBytes(MASTER_KEY_BYTES).toString('hex')}\n`, { flag: 'wx', mode: PRIVATE, flush: true });
    linkSync(draft, path);
  } catch (cause) {
    if (!existsSync(path)) throw new ConfigurationError(`The master key cannot be made: ${reasonOf(cause)}`); // else another process was faster
  } finally {
    rmSync(draft, { force: true });
  }
};

const reasonOf = (cause: unknown): string => String(cause).replace(/^Error: /, '');
