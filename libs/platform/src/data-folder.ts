import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AccountSid } from '@atelier/contracts';
import { z } from 'zod';
import { ConfigurationError } from './config';
import { dataDirFor } from './postgres-files';

const PRIVATE = 0o600; // these files hold secrets
const account = z.object({ account_sid: z.string().regex(/^AC[0-9a-f]{32}$/), auth_token: z.string().regex(/^[0-9a-f]{32}$/) });

/** What a process with a data folder may be told. */
export const dataFolderConfig = z.object({
  ATELIER_DATA_DIR: z.string().min(1).default('.atelier').describe('The embedded database, the first account, and the master key.'),
  ATELIER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional().describe('PostgreSQL. Left out: the embedded database.'),
  ATELIER_ACCOUNT_SID: z.string().regex(/^AC[0-9a-f]{32}$/).optional().describe('The first account. Left out: generated once and kept in account.json.'),
  ATELIER_AUTH_TOKEN: z.string().regex(/^[0-9a-f]{32}$/).optional().describe('Its auth token: 32 hexadecimal characters. Left out: generated once.'),
});
type DataFolderConfig = z.infer<typeof dataFolderConfig>;

/** What lies in the data folder beside the database. */
export type DataFolder = {
  readonly dir: string;
  /** Root was asked for a folder that the database's user cannot enter, so another one is used. */
  readonly moved: boolean;
  readonly accountFile: string;
  readonly accountSid: AccountSid;
  readonly authToken: string;
};

/** Opens the data folder, and makes what is missing. One clear line where it cannot be read or written. */
export const openDataFolder = (config: DataFolderConfig): DataFolder => {
  const { dir, moved } = config.ATELIER_DATABASE_URL ? { dir: resolve(config.ATELIER_DATA_DIR), moved: false } : dataDirFor(config.ATELIER_DATA_DIR);
  try {
    mkdirSync(dir, { recursive: true });
    if (moved) rememberPlace(config.ATELIER_DATA_DIR, dir);
    const accountFile = join(dir, 'account.json');
    const { account_sid, auth_token } = firstAccount(config, accountFile);
    return { dir, moved, accountFile, accountSid: account_sid as AccountSid, authToken: auth_token };
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError(`The data folder ${dir} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const rememberPlace = (wanted: string, dir: string): void => {
  mkdirSync(wanted, { recursive: true });
  writeFileSync(join(wanted, 'location'), `${dir}\n`);
};

const firstAccount = (config: DataFolderConfig, file: string): z.infer<typeof account> => {
  const stored = existsSync(file) ? account.safeParse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
  if (stored && !stored.success) throw new ConfigurationError(`${file} does not hold account_sid and auth_token as they are written here; remove it to start with a new account.`);
  const wanted = {
    account_sid: config.ATELIER_ACCOUNT_SID ?? stored?.data.account_sid ?? `AC${randomBytes(16).toString('hex')}`,
    auth_token: config.ATELIER_AUTH_TOKEN ?? stored?.data.auth_token ?? randomBytes(16).toString('hex'),
  };
  if (stored && stored.data.account_sid !== wanted.account_sid) throw new ConfigurationError(`ATELIER_ACCOUNT_SID is not the account of this data folder (${file}).`);
  if (JSON.stringify(wanted) !== JSON.stringify(stored?.data)) writeFileSync(file, `${JSON.stringify(wanted, null, 1)}\n`, { mode: PRIVATE });
  return wanted;
};
