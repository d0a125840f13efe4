import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type Ran = { readonly code: number; readonly out: string; readonly error: string };

const main = join(__dirname, '..', 'dist', 'ops', 'main.js');

/** `npm run ops -- …` against an installation, as a process with nothing in its environment but this. */
export const ops = async (url: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> => {
  const options = { env: { PATH: process.env['PATH'], ATELIER_PUBLIC_URL: url, ...env }, cwd: tmpdir() };
  return promisify(execFile)(process.execPath, [main, ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, error: stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, out: stdout, error: stderr }),
  );
};
