import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
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
  try {
    return readMasterKey(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    make(path);
    return readMasterKey(path);
  }
};

/** The first start remembers which master key its secrets are stored with; any other key is a ConfigurationError. */
export const assertMasterKey = async (database: Database, vault: Vault): Promise<void> => {
  await database.query('insert into vault (fingerprint) values ($1) on conflict do nothing', [vault.fingerprint]);
  const [row] = await database.query<{ fingerprint: string }>('select fingerprint from vault');
  if (row?.fingerprint !== vault.fingerprint)
    throw new ConfigurationError('The master key is not the one that the secrets in the database were stored with. Give back the former file (ATELIER_MASTER_KEY_FILE).');
};

const contentsOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigurationError(`The master key cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
};

const isMissing = (error: unknown): boolean =>
  error instanceof ConfigurationError && error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ENOENT';

// Written whole beside its place and linked there: a reader never sees half a key, and a file that is there already stays.
const make = (path: string): void => {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = openSync(draft, 'wx', PRIVATE);
    writeSync(file, `${randomBytes(MASTER_KEY_BYTES).toString('hex')}\n`);
    fsyncSync(file);
    closeSync(file);
    link(draft, path);
  } catch (cause) {
    throw new ConfigurationError(`The master key cannot be made: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  } finally {
    rmSync(draft, { force: true });
  }
};

const link = (draft: string, path: string): void => {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error; // another process was faster
  }
};
