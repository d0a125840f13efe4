import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '@atelier/platform';
import { z } from 'zod';
import { CONTEXTS, type Context } from './services';

const PRIVATE = 0o600;
const SECRET_BYTES = 32;
const secret = z.string().regex(/^[0-9a-f]{64}$/);
const secrets = z.object({ internal_token: secret, passwords: z.record(z.enum(CONTEXTS), secret) });

/** What the services of one data folder share, made at its first start. */
export type Secrets = { readonly internalToken: string; readonly passwords: Readonly<Record<Context, string>>; readonly masterKeyFile: string };

/** Reads the secrets of a data folder, and makes what is missing. */
export const secretsOf = (dataDir: string): Secrets => {
  const file = join(dataDir, 'cluster.secrets.json');
  const masterKeyFile = join(dataDir, 'master.key');
  if (!existsSync(masterKeyFile)) writeFileSync(masterKeyFile, `${newSecret()}\n`, { mode: PRIVATE });
  if (!existsSync(file)) writeFileSync(file, JSON.stringify({ internal_token: newSecret(), passwords: Object.fromEntries(CONTEXTS.map((context) => [context, newSecret()])) }), { mode: PRIVATE });
  const { success, data } = secrets.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!success) throw new ConfigurationError(`${file} does not hold the secrets of a cluster as they are written here.`);
  return { internalToken: data.internal_token, passwords: data.passwords, masterKeyFile };
};

const newSecret = (): string => randomBytes(SECRET_BYTES).toString('hex');
