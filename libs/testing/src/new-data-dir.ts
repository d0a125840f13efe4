import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The path of a data folder for one suite or run; whoever is given it makes it. */
export const newDataDir = (of: string): string => join(tmpdir(), `atelier-${of}-${randomBytes(6).toString('hex')}`);
