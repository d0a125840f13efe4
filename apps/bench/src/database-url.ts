import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A database of the embedded PostgreSQL of a data folder, as its owner. */
export const databaseUrlOf = (dataDir: string, database = 'postgres'): string =>
  `postgresql://atelier:${readFileSync(join(dataDir, 'postgres.password'), 'utf8').trim()}@127.0.0.1:${readFileSync(join(dataDir, 'postgres.port'), 'utf8')}/${database}`;
