/**
 * A real PostgreSQL without installing one: binaries from npm, started by pg_ctl so that it outlives a killed application.
 *
 * P1. The server belongs to the data folder, not to the process: a second start adopts a running one.
 * P2. It is durable: fsync stays on unless a test says otherwise.
 * P3. It listens on loopback only, with a password that only this user can read.
 * P4. As root it runs as `postgres` or `nobody`, and every folder above it must let that user pass.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '@atelier/contracts';
import { freePort, takesConnections } from './free-port';
import { isAlive } from './is-alive';
import { type Owner, binariesFor, canEnter, serverOwner } from './postgres-files';

export type EmbeddedPostgres = {
  readonly url: string;
  readonly port: number;
  /** It was running already: left behind by a killed process, or in use by another one. */
  readonly adopted: boolean;
  /** The process id of the server at this moment; for fault tests. */
  pid(): number | undefined;
  /** Starts the server again where it died; true if it had to. */
  ensureRunning(): Promise<boolean>;
  stop(): Promise<void>;
};

export type EmbeddedPostgresOptions = {
  /** Holds `postgres-18/`, `postgres.log`, `postgres.password`. */
  readonly dataDir: string;
  /** False only where losing the last commits does not matter: tests. */
  readonly fsync?: boolean;
  readonly maxConnections?: number;
};

const MAJOR = 18; // in the folder's name: another major cannot read it
const START_ATTEMPTS = 20; // after kill -9 the old backends hold the shared memory for a moment

type Server = { readonly bin: string; readonly data: string; readonly log: string; readonly owner: Owner | undefined; readonly options: EmbeddedPostgresOptions };

/** Starts (or adopts) the server of a data folder. Throws a Fault with the end of the server's log where it does not come up. */
export const startEmbeddedPostgres = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const owner = serverOwner();
  const bin = join(binariesFor(owner), 'bin');
  const server: Server = { bin, data: join(options.dataDir, `postgres-${MAJOR}`), log: join(options.dataDir, 'postgres.log'), owner, options };
  makeEnterable(options.dataDir, owner);
  const password = passwordOf(options.dataDir);
  if (!existsSync(join(server.data, 'PG_VERSION'))) await initialise(server, password);
  const adopted = await isServing(server);
  const port = adopted ? portOf(server) : await startOn(server, await rememberedOrFreePort(options.dataDir));
  return {
    url: `postgresql://atelier:${password}@127.0.0.1:${port}/postgres`,
    port,
    adopted,
    pid: () => pidOf(server),
    ensureRunning: async () => {
      if (isAlive(pidOf(server))) return false;
      await startOn(server, port);
      return true;
    },
    stop: async () => void (await run(server, 'pg_ctl', ['stop', '-D', server.data, '-m', 'fast', '-w'])),
  };
};

const ENTERABLE = 0o711; // the server's user passes through; only ours lists

const makeEnterable = (dataDir: string, owner: Owner | undefined): void => {
  const isNew = mkdirSync(dataDir, { recursive: true }) !== undefined;
  if (isNew && owner) chmodSync(dataDir, ENTERABLE); // root's umask may be 077
  if (owner && !canEnter(dataDir, owner)) throw new Fault(`The database's user (uid ${owner.uid}) cannot enter ${dataDir}: choose another data folder`);
};

const passwordOf = (dataDir: string): string => {
  const file = join(dataDir, 'postgres.password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(16).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
};

const initialise = async (server: Server, password: string): Promise<void> => {
  mkdirSync(server.data, { recursive: true, mode: 0o700 });
  const passwordFile = `${server.data}.initial-password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (server.owner) for (const path of [server.data, passwordFile]) chownSync(path, server.owner.uid, server.owner.gid);
  const code = await run(server, 'initdb', ['-D', server.data, '-U', 'atelier', '-E', 'UTF8', '--locale=C', '-A', 'scram-sha-256', '--pwfile', passwordFile]);
  writeFileSync(passwordFile, '');
  if (code !== 0) throw new Fault(`PostgreSQL could not make its data folder ${server.data}:\n${endOf(server.log)}`);
};

const startOn = async (server: Server, port: number): Promise<number> => {
  const settings = [
    `-p ${port}`,
    '-c listen_addresses=127.0.0.1',
    '-c unix_socket_directories=',
    `-c max_connections=${server.options.maxConnections ?? 100}`,
    '-c max_wal_size=2GB',
    ...(server.options.fsync === false ? ['-c fsync=off', '-c full_page_writes=off', '-c synchronous_commit=off'] : []),
  ];
  for (let attempt = 1; ; attempt++) {
    await run(server, 'pg_ctl', ['start', '-D', server.data, '-w', '-t', '60', '-l', server.log, '-o', settings.join(' ')]);
    if (await isServing(server)) return portOf(server);
    if (attempt === START_ATTEMPTS) throw new Fault(`PostgreSQL did not start on port ${port}:\n${endOf(server.log)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
};

// A killed server still counts as running for a moment; one that can be used also takes connections.
const isServing = async (server: Server): Promise<boolean> =>
  (await run(server, 'pg_ctl', ['status', '-D', server.data])) === 0 && (await takesConnections(portOf(server)));

// The server inherits nothing: with pipes the caller would wait for it for ever.
const run = (server: Server, tool: string, args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const out = openSync(server.log, 'a', 0o600);
    if (server.owner) chownSync(server.log, server.owner.uid, server.owner.gid);
    const child = spawn(join(server.bin, tool), args, {
      stdio: ['ignore', out, out],
      cwd: server.options.dataDir,
      ...(server.owner ? { uid: server.owner.uid, gid: server.owner.gid } : {}),
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', PGTZ: 'UTC' },
    });
    closeSync(out);
    child.on('error', (error) => reject(new Fault(`cannot run ${tool}: ${error.message}`)));
    child.on('exit', (code) => resolve(code ?? 1));
  });

const pidFile = (server: Server): string[] => {
  const file = join(server.data, 'postmaster.pid');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
};

// postmaster.pid: line 1 is the process, line 4 the port.
const pidOf = (server: Server): number | undefined => Number(pidFile(server)[0]) || undefined;
const portOf = (server: Server): number => Number(pidFile(server)[3]);

const endOf = (log: string): string => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-12).join('\n') : '(no log)');

const rememberedOrFreePort = async (dataDir: string): Promise<number> => {
  const file = join(dataDir, 'postgres.port');
  const remembered = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  const port = (await freePort(remembered)) ?? (await freePort(0));
  if (!port) throw new Fault('no free port for PostgreSQL on 127.0.0.1');
  writeFileSync(file, String(port));
  return port;
};
