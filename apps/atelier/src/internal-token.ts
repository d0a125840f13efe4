import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What operators of one process prove themselves by, in its data folder. */
export const internalTokenFile = (dataDir: string): string => join(dataDir, 'internal.token');

/** The token of a data folder: made at its first start, for its owner alone (`spec/atelier.md` 1). */
export const internalTokenIn = (dataDir: string): string => {
  const file = internalTokenFile(dataDir);
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
};
